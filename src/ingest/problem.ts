import type { FastifyReply } from 'fastify';
import type { CourierError, ErrorCode, Issue } from '../shared/errors.ts';
import { maskOpenids } from '../shared/openid.ts';

/** Codes that only HTTP has, with their status. */
export const HTTP_CODES = {
  ERR_UNAUTHENTICATED: 401,
  ERR_FORBIDDEN: 403,
  ERR_NOT_FOUND: 404,
  ERR_TOO_SLOW: 408,
  ERR_NOT_CANCELLABLE: 409,
  ERR_TOO_LARGE: 413,
  ERR_MEDIA_TYPE: 415,
  ERR_RATE: 429,
  ERR_INTERNAL: 500,
} as const;
export type HttpCode = keyof typeof HTTP_CODES;

/** The status of each error of ours. */
const STATUS: Readonly<Record<ErrorCode, number>> = {
  ERR_INVALID_MESSAGE: 400,
  ERR_INVALID_FILTER: 400,
  ERR_UNKNOWN_ACCOUNT: 404,
  ERR_UNKNOWN_MESSAGE: 404,
  ERR_UNKNOWN_KEY: 404,
  ERR_USER_EXISTS: 409,
  ERR_UNKNOWN_USER: 404,
  ERR_ID_CONFLICT: 409,
  ERR_KEY_LIMIT: 409,
  ERR_TOKEN: 503,
  ERR_QUEUE_UNAVAILABLE: 503,
  ERR_CLOSED: 503,
  ERR_CONFIG: 500,
};

const TITLES: Readonly<Record<number, string>> = {
  400: 'Not valid',
  401: 'No valid key',
  403: 'Not allowed',
  404: 'Not found',
  408: 'Too slow',
  409: 'Conflict',
  413: 'Too large',
  415: 'Not JSON',
  429: 'Too many requests',
  500: 'Internal error',
  503: 'Not available now',
};

/** An error answer (RFC 9457). */
export interface Problem {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode | HttpCode;
  /** What was expected, what came, what to do. */
  readonly detail: string;
  readonly issues?: readonly Issue[];
}

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

/** Thrown by a route; becomes an answer. */
export class HttpError extends Error {
  readonly code: HttpCode;

  constructor(code: HttpCode, detail: string) {
    super(detail);
    this.code = code;
  }
}

export function problemOfHttp({ code, message }: Pick<HttpError, 'code' | 'message'>): Problem {
  return problem(HTTP_CODES[code], code, message);
}

export function problemOfCourier(
  error: Pick<CourierError, 'code' | 'message' | 'issues'>,
): Problem {
  const { code, message, issues } = error;
  return { ...problem(STATUS[code], code, message), ...(issues.length > 0 && { issues }) };
}

/** What came may be quoted in `detail`, and callers log it. */
function problem(status: number, code: Problem['code'], detail: string): Problem {
  const title = TITLES[status] ?? 'Error';
  return { type: 'about:blank', title, status, code, detail: maskOpenids(detail) };
}

/** When nobody says how long a caller should wait. */
const RETRY_AFTER_S = 1;

/** Sends a problem with the headers that belong to its status. */
export function sendProblem(
  reply: FastifyReply,
  answer: Problem,
  retryAfterMs?: number,
): FastifyReply {
  if (answer.status === 401) void reply.header('www-authenticate', 'Bearer realm="wechat-courier"');
  if (answer.status === 503 || answer.status === 429) {
    const seconds = retryAfterMs === undefined ? RETRY_AFTER_S : Math.ceil(retryAfterMs / 1000);
    void reply.header('retry-after', String(Math.max(1, seconds)));
  }
  return reply.code(answer.status).type(PROBLEM_TYPE).send(JSON.stringify(answer));
}
