import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Html } from './html.ts';
import { ownPath } from './own-path.ts';
import type { Reader } from './pages/layout.ts';
import { type Language, languageOf, sayIn } from './words.ts';

export const LANGUAGE_COOKIE = 'courier_language';

export function languageFor(request: FastifyRequest): Language {
  return languageOf(request.cookies[LANGUAGE_COOKIE], request.headers['accept-language']);
}

export function readerOf(request: FastifyRequest): Reader {
  const language = languageFor(request);
  const { user } = request;
  const isOperator = user.role === 'operator';
  return { user, language, say: sayIn(language), isOperator, at: pathBackTo(request) };
}

/** What answers a form cannot be asked for again. */
export function pathBackTo({ method, url }: FastifyRequest): string {
  return method === 'GET' ? ownPath(url) : '/';
}

export function sendPage(reply: FastifyReply, { html }: Html, status = 200): FastifyReply {
  return reply.code(status).type('text/html; charset=utf-8').send(html);
}
