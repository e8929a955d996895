import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import rateLimit from '@fastify/rate-limit';
import {
  fastify,
  type FastifyInstance,
  type FastifyRequest,
  type FastifyServerOptions,
} from 'fastify';
import { isCourierError, messageOf } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import type { Span, Tracing } from '../shared/tracing/span.ts';
import { parseBody } from './json-body.ts';
import type { ApiKey, Scope } from './keys/api-key.ts';
import type { KeyRing } from './keys/key-ring.ts';
import type { IngestMetrics } from './metrics.ts';
import { requireScope } from './permission.ts';
import {
  HttpError,
  type Problem,
  PROBLEM_TYPE,
  problemOfCourier,
  problemOfHttp,
  sendProblem,
} from './problem.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who calls. Only on routes that need a key. */
    apiKey: ApiKey;
    /** The message a request was about, for the log. */
    messageId?: string;
    /** Only while requests are traced, and of those that may come in. */
    span?: Span;
  }
  interface FastifyContextConfig {
    /** Any of them will do. */
    scopes?: readonly Scope[];
    /** Needs no key. */
    open?: boolean;
  }
}

export interface ServerDeps {
  readonly keys: Pick<KeyRing, 'find'>;
  /** Requests a second of one key. */
  readonly perSecond: number;
  readonly metrics: IngestMetrics;
  readonly logger: Logger;
  readonly tracing: Tracing;
}

/** Of a client that sends its request drop by drop. */
const HEADERS_MS = 5000;
const REQUEST_MS = 10_000;
const LOOK_FOR_SLOW_MS = 1000;
/** Of a client that does not read its answer. Longer than the largest redrive takes. */
const STALLED_MS = 120_000;
/** Longer than the idle time of most proxies in front. */
const KEEP_ALIVE_MS = 72_000;
/** Enough for any query of ours. */
const MOST_URL = 4096;

/** The HTTP server without its routes: keys, limits, errors, log lines. */
export async function createServer(deps: ServerDeps): Promise<FastifyInstance> {
  const { logger, metrics } = deps;
  const app = fastify(serverOptions(deps.keys));
  app.decorateRequest('apiKey');
  app.decorateRequest('messageId');
  app.decorateRequest('span');

  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, body === '' ? undefined : parseBody(String(body)));
    } catch (error) {
      done(error as Error);
    }
  });

  // Before anything else is looked at: also before "no such route" and "too large".
  app.addHook('onRequest', async (request) => {
    const { open, scopes } = request.routeOptions.config;
    if (open) return;
    request.apiKey = authenticated(deps.keys, request.headers.authorization);
    if (scopes) requireScope(request.apiKey, scopes);
  });
  await app.register(rateLimit, {
    max: deps.perSecond,
    timeWindow: 1000,
    keyGenerator: (request) => request.apiKey?.id ?? '',
    allowList: (request) => request.routeOptions.config.open === true,
    addHeadersOnExceeding: none,
    addHeaders: none,
    errorResponseBuilder: () =>
      new HttpError('ERR_RATE', `Expected at most ${deps.perSecond} requests a second of one key.`),
  });
  if (deps.tracing.isOn) traceRequests(app, deps.tracing);
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none';
    metrics.answered(request.method, route, reply.statusCode, reply.elapsedTime / 1000);
    if (!request.routeOptions.config.open) logger.info(lineOf(request, reply), 'request');
  });
  app.setNotFoundHandler((request, reply) => {
    // Without the query, where keys are put by mistake.
    const [path = ''] = request.url.split('?');
    const detail = `Expected a route of /openapi.json, got ${request.method} ${path.slice(0, 100)}.`;
    return sendProblem(reply, problemOfHttp({ code: 'ERR_NOT_FOUND', message: detail }));
  });
  app.setErrorHandler((error, _request, reply) => {
    if (isCourierError(error)) {
      return sendProblem(reply, problemOfCourier(error), error.retryAfterMs);
    }
    const problem = problemOfOther(error);
    if (problem.status >= 500) {
      const stack = error instanceof Error ? error.stack : undefined;
      logger.error({ code: 'ERR_INTERNAL', detail: messageOf(error), stack }, 'request failed');
    }
    return sendProblem(reply, problem);
  });
  return app;
}

/** Begins behind the check of the key and of its rate: nobody else can fill the collector. */
function traceRequests(app: FastifyInstance, tracing: Tracing): void {
  app.addHook('preParsing', async (request) => {
    const { method, headers, routeOptions } = request;
    if (routeOptions.config.open || routeOptions.url === undefined) return;
    const from = headers['traceparent'];
    request.span = tracing.begin(
      `${method} ${routeOptions.url}`,
      'server',
      typeof from === 'string' ? from : undefined,
      { 'http.request.method': method, 'http.route': routeOptions.url },
    );
  });
  app.addHook('onResponse', async ({ span, messageId }, { statusCode }) => {
    span?.set({ 'http.response.status_code': statusCode, 'messaging.message.id': messageId });
    if (statusCode >= 500) span?.fail(String(statusCode));
    span?.end();
  });
}

const none = {
  'x-ratelimit-limit': false,
  'x-ratelimit-remaining': false,
  'x-ratelimit-reset': false,
  'retry-after': false,
};

function serverOptions(keys: ServerDeps['keys']): FastifyServerOptions {
  return {
    logger: false,
    requestTimeout: REQUEST_MS,
    connectionTimeout: STALLED_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 200 },
    http: {
      headersTimeout: HEADERS_MS,
      connectionsCheckingInterval: LOOK_FOR_SLOW_MS,
      maxHeaderSize: MOST_URL * 2,
    },
    clientErrorHandler: answerOnSocket,
    // An address that cannot be read comes past the hooks; who asks is decided first all the same.
    frameworkErrors: (error, request, reply) => {
      void sendProblem(reply as never, problemOfOther(refusalOf(keys, request.headers) ?? error));
    },
  } as FastifyServerOptions;
}

/** What never became a request: too slow, too long, or no HTTP. */
function answerOnSocket({ code }: { code?: string }, socket: Socket): void {
  if (code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const answer =
    code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? problemOfHttp({
          code: 'ERR_TOO_SLOW',
          message: `Expected headers within ${HEADERS_MS} ms and a body within ${REQUEST_MS} ms.`,
        })
      : problemOfCourier({
          code: 'ERR_INVALID_MESSAGE',
          message: 'Expected an HTTP/1.1 request with headers of at most 8 KB.',
          issues: [],
        });
  const body = JSON.stringify(answer);
  socket.end(
    `HTTP/1.1 ${answer.status} ${answer.title}\r\nContent-Type: ${PROBLEM_TYPE}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

/** @throws HttpError `ERR_UNAUTHENTICATED`, the same whatever is wrong */
function authenticated(keys: Pick<KeyRing, 'find'>, header: string | undefined): ApiKey {
  const [, plain] = /^Bearer +(\S+)$/i.exec(header ?? '') ?? [];
  const key = plain === undefined ? null : keys.find(plain);
  if (key) return key;
  throw new HttpError(
    'ERR_UNAUTHENTICATED',
    'Expected "Authorization: Bearer <key>" with a key of "courier keys create" that was not revoked.',
  );
}

/** Null for whoever may go on. */
function refusalOf(keys: ServerDeps['keys'], { authorization }: IncomingHttpHeaders): unknown {
  try {
    authenticated(keys, authorization);
    return null;
  } catch (error) {
    return error;
  }
}

/** Of errors that fastify or node throw on the way. */
function problemOfOther(error: unknown): Problem {
  if (error instanceof HttpError) return problemOfHttp(error);
  const { code, statusCode } = Object(error) as { code?: unknown; statusCode?: unknown };
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return problemOfHttp({
        code: 'ERR_TOO_LARGE',
        message: 'Expected a body of at most 32,768 bytes (1,048,576 for a batch), got more.',
      });
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return problemOfHttp({
        code: 'ERR_MEDIA_TYPE',
        message: 'Expected a body of content-type application/json, got another.',
      });
    default:
      return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500
        ? problemOfCourier({ code: 'ERR_INVALID_MESSAGE', message: messageOf(error), issues: [] })
        : problemOfHttp({
            code: 'ERR_INTERNAL',
            message: 'Something went wrong here; it was logged.',
          });
  }
}

/** One line for each request, so that every use of a key can be found. */
function lineOf(
  request: FastifyRequest,
  reply: { readonly statusCode: number; readonly elapsedTime: number },
): Record<string, unknown> {
  const { apiKey, messageId } = request;
  return {
    method: request.method,
    route: request.routeOptions.url,
    status: reply.statusCode,
    durationMs: Math.round(reply.elapsedTime),
    ...(apiKey && { keyId: apiKey.id, keyName: apiKey.name }),
    ...(messageId !== undefined && { messageId }),
    remote: request.ip,
    ...(request.span && { traceId: request.span.traceId }),
  };
}
