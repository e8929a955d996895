/**
 * The catalogue of our own errors. A code is stable, never reused, and listed in
 * docs/errors.md (a test compares the two).
 */
export const ERROR_CODES = {
  ERR_INVALID_MESSAGE: 'The envelope or the message inside it is not valid; nothing was enqueued.',
  ERR_ID_CONFLICT: 'This id was used before with other content; nothing was enqueued.',
  ERR_UNKNOWN_ACCOUNT: 'The appId is not in the accounts file.',
  ERR_QUEUE_UNAVAILABLE: 'Redis did not take the message in time; it is safe to repeat the call.',
  ERR_CONFIG: 'The configuration is missing or wrong; the process exits with 78.',
  ERR_UNKNOWN_MESSAGE: 'No message with this id is known.',
  ERR_INVALID_FILTER: 'A filter asks for something that cannot exist; nothing was looked for.',
  ERR_TOKEN: 'WeChat, or the budget of forced refreshes, gave no new token.',
  ERR_KEY_LIMIT: 'This name has two active keys of the ingest API; no third one was made.',
  ERR_UNKNOWN_KEY: 'The ingest API has no key with this id.',
  ERR_USER_EXISTS: 'The dashboard has a user of this name already; nothing was changed.',
  ERR_UNKNOWN_USER: 'The dashboard has no user of this name.',
  ERR_CLOSED: 'The producer was closed before this call.',
} as const;
export type ErrorCode = keyof typeof ERROR_CODES;

/** One thing that is wrong with an input: where, and what was expected and came instead. */
export interface Issue {
  /** JSON pointer into the input, `''` for the whole. */
  readonly path: string;
  /** For people: what was expected, what came. */
  readonly reason: string;
}

/** Every error this library throws on purpose. */
export class CourierError extends Error {
  override readonly name = 'CourierError';
  readonly code: ErrorCode;
  /** Only with `ERR_INVALID_MESSAGE` and `ERR_CONFIG`. */
  readonly issues: readonly Issue[];
  /** Only with `ERR_QUEUE_UNAVAILABLE`: when repeating the call may help, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { issues?: readonly Issue[]; cause?: unknown; retryAfterMs?: number | undefined } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.issues = options.issues ?? [];
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** True for our errors, also across two copies of this package. */
export function isCourierError(error: unknown): error is CourierError {
  return error instanceof Error && 'code' in error && String(error.code) in ERROR_CODES;
}

/** The text of anything thrown, without its stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
