import type { FastifyReply, FastifyRequest } from 'fastify';
import { isCourierError, messageOf } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import { Refusal } from './auth/guard.ts';
import { CSP } from './content-policy.ts';
import { loginPage, refusalPage } from './pages/layout.ts';
import { ownPath } from './own-path.ts';
import { languageFor, pathBackTo, readerOf, sendPage } from './reader.ts';
import { sayIn, type Word } from './words.ts';

const TITLES: Readonly<Record<Refusal['status'], Word>> = {
  400: 'notUnderstood',
  401: 'logIn',
  403: 'notAllowed',
  404: 'notThere',
  409: 'notNow',
  413: 'notUnderstood',
  415: 'notUnderstood',
  429: 'tooOften',
  500: 'wentWrong',
  503: 'notNow',
};

/** A page for people in their language, English JSON for programs. */
export function refuse(
  logger: Logger,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const refusal = refusalOf(error);
  const { status, retryAfterMs } = refusal;
  if (status >= 500) logger.error({ detail: messageOf(error) }, 'request failed');
  if (retryAfterMs !== undefined) {
    void reply.header('retry-after', String(Math.ceil(retryAfterMs / 1000)));
  }
  if (!request.headers.accept?.includes('text/html')) {
    return reply.code(status).send({ error: refusal.message });
  }
  const language = languageFor(request);
  const say = sayIn(language);
  const detail = refusal.in(say);
  const { user } = request;
  if (user || (status !== 401 && status !== 429)) {
    const reader = user ? readerOf(request) : { language, say };
    return sendPage(reply, refusalPage(reader, say(TITLES[status]), detail), status);
  }
  // The form instead of the browser's own box.
  void reply.removeHeader('www-authenticate');
  const hasTried = request.method === 'POST' || request.headers.authorization !== undefined;
  // Of Bull Board's pages, too, whose own policy lets no form be sent.
  void reply.header('content-security-policy', CSP);
  const { next } = Object(request.body) as { next?: unknown };
  const back = next === undefined ? pathBackTo(request) : ownPath(next);
  const notice = hasTried ? detail : undefined;
  const onwards = comesFromElsewhere(request)
    ? `/login?next=${encodeURIComponent(back)}`
    : undefined;
  return sendPage(reply, loginPage(language, say, { next: back, notice, onwards }), status);
}

/** From a link in a chat, say: the browser keeps a strict cookie to itself. */
function comesFromElsewhere({ method, headers }: FastifyRequest): boolean {
  const site = headers['sec-fetch-site'];
  return method === 'GET' && (site === 'cross-site' || site === 'same-site');
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (isCourierError(error)) {
    if (error.code === 'ERR_QUEUE_UNAVAILABLE') {
      return new Refusal(503, (say) => say('queueAway'), error.retryAfterMs);
    }
    return new Refusal(400, error.message);
  }
  const { statusCode } = Object(error) as { statusCode?: unknown };
  if (statusCode === 413 || statusCode === 415) {
    return new Refusal(statusCode, (say) => say('formWanted'));
  }
  const isTheirs = typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500;
  return isTheirs
    ? new Refusal(400, (say) => say('formWanted'))
    : new Refusal(500, (say) => say('failedHere'));
}
