import { inspect } from 'node:util';

const HIDDEN = '[secret]';

/**
 * A text that must not be printed. It shows itself as `[secret]` in JSON, in `util.inspect`
 * (so in logs and in failed assertions) and in template literals; only {@link Secret.reveal}
 * gives it away.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The text itself. Call it where the text is used, and do not keep the result. */
  reveal(): string {
    return this.#value;
  }

  /** True if both hide the same text: tells whether a re-read accounts file changed it. */
  equals(other: Secret): boolean {
    return this.#value === other.#value;
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  [inspect.custom](): string {
    return HIDDEN;
  }
}
