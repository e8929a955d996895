import type { Issue } from '../errors.ts';
import { pointer } from '../issue.ts';
import { shownValue } from './shown-value.ts';

/**
 * The texts of a message: one walk over everything in it, for what must hold for every string
 * whatever its field. Written by hand since it also visits the fields that WeChat may add
 * tomorrow and no schema names.
 */

/** Upper bound of a message as JSON, as on the HTTP side. */
export const MESSAGE_BYTES = 32_768;

/** WeChat's own bodies are at most five levels deep; this stops hostile nesting. */
const DEPTH = 16;

/** Enough to repair a message by. */
const MOST_ISSUES = 20;

/** A control character, or half of a surrogate pair (with the `u` flag pairs do not match). */
const UNPRINTABLE = /[\p{Cc}\p{Cs}]/u;

/** A JSON text takes at most this many bytes per UTF-16 unit (`\u001f`). */
const BYTES_PER_UNIT = 6;

/** Keys that change an object instead of naming a field in it. */
const HARMFUL_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/** Which control characters the string at a path may contain. */
export type AllowedControls = (path: readonly string[]) => RegExp | null;

/**
 * Everything wrong with the texts of a message: control characters (WeChat facts §2.2, §8),
 * half surrogate pairs (they have no UTF-8 form, WeChat answers 47001), values that JSON has
 * no form for, and the size of the whole. Null if all is well.
 */
export function textIssues(message: unknown, allowed: AllowedControls): Issue[] | null {
  const walk = new Walk(allowed);
  walk.visit(message, 0);
  if (walk.bound > MESSAGE_BYTES && walk.issues === null) {
    const bytes = Buffer.byteLength(JSON.stringify(message));
    if (bytes > MESSAGE_BYTES) {
      const reason = `expected at most ${MESSAGE_BYTES} bytes of JSON, got ${bytes} bytes`;
      return [{ path: '', reason }];
    }
  }
  return walk.issues;
}

class Walk {
  issues: Issue[] | null = null;
  /** No fewer bytes than the JSON form has. */
  bound = 0;
  readonly #path: string[] = [];
  readonly #allowed: AllowedControls;

  constructor(allowed: AllowedControls) {
    this.#allowed = allowed;
  }

  visit(value: unknown, depth: number): void {
    if (typeof value === 'string') return this.#text(value);
    if (typeof value === 'object' && value !== null) return this.#members(value, depth);
    this.bound += 32;
    if (value === null || value === undefined || typeof value === 'boolean') return;
    if (typeof value !== 'number' || !Number.isFinite(value)) this.report('a JSON value', value);
  }

  report(expected: string, value: unknown): void {
    this.issues ??= [];
    if (this.issues.length >= MOST_ISSUES) return;
    const reason = `expected ${expected}, got ${shownValue(value, this.#path)}`;
    this.issues.push({ path: pointer(this.#path), reason });
  }

  #members(object: object, depth: number): void {
    if (depth >= DEPTH) return this.report(`at most ${DEPTH} levels of nesting`, object);
    if ('toJSON' in object) return this.report('a plain JSON value', object);
    if (Array.isArray(object)) {
      for (const [index, item] of object.entries()) this.#member(String(index), item, depth);
      return;
    }
    for (const [key, value] of Object.entries(object)) this.#member(key, value, depth);
  }

  #member(key: string, value: unknown, depth: number): void {
    this.#path.push(key);
    this.bound += key.length * BYTES_PER_UNIT + 4;
    if (HARMFUL_KEYS.has(key)) this.report(`no field named ${key}`, value);
    else if (UNPRINTABLE.test(key)) this.report('a field name of printable characters', value);
    else this.visit(value, depth + 1);
    this.#path.pop();
  }

  #text(text: string): void {
    this.bound += text.length * BYTES_PER_UNIT + 2;
    if (!UNPRINTABLE.test(text)) return;
    const allowed = this.#allowed(this.#path);
    const found = UNPRINTABLE.exec(allowed ? text.replaceAll(allowed, '') : text);
    if (!found) return;
    const code = found[0].charCodeAt(0).toString(16).padStart(4, '0');
    const lone = found[0] >= '\ud800';
    this.report(
      lone
        ? `whole characters (U+${code} is half of a surrogate pair)`
        : `no control character U+${code} here`,
      text,
    );
  }
}
