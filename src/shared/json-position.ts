/** Where a text stops being JSON, counted from 1 as editors do. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

const SPACE = /[ \t\n\r]*/y;
const STRING = /"(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*"/uy;
const SCALAR = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])/y;

/**
 * The place of the first mistake in a text that `JSON.parse` refused. The engine's own message
 * names no place for most mistakes, and quotes the text around the others, which must not
 * happen where the text holds secrets.
 */
export function jsonErrorPosition(text: string): TextPosition {
  const before = text.slice(0, new JsonReader(text).stop()).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}

/** Reads as far as the text is JSON. Every step is true if it found what it looked for. */
class JsonReader {
  #at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  stop(): number {
    this.#value(0);
    this.#take(SPACE);
    return this.#at;
  }

  #value(depth: number): boolean {
    this.#take(SPACE);
    if (depth > 200) return false;
    if (this.#take('{')) return this.#list('}', () => this.#member(depth));
    if (this.#take('[')) return this.#list(']', () => this.#value(depth + 1));
    return this.#take(STRING) || this.#take(SCALAR);
  }

  #member(depth: number): boolean {
    this.#take(SPACE);
    if (!this.#take(STRING)) return false;
    this.#take(SPACE);
    return this.#take(':') && this.#value(depth + 1);
  }

  #list(end: string, item: () => boolean): boolean {
    this.#take(SPACE);
    if (this.#take(end)) return true;
    while (item()) {
      this.#take(SPACE);
      if (this.#take(end)) return true;
      if (!this.#take(',')) return false;
    }
    return false;
  }

  #take(what: string | RegExp): boolean {
    if (typeof what === 'string') {
      if (!this.#text.startsWith(what, this.#at)) return false;
      this.#at += what.length;
      return true;
    }
    what.lastIndex = this.#at;
    if (!what.test(this.#text)) return false;
    this.#at = what.lastIndex;
    return true;
  }
}
