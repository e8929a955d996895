import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { z } from 'zod';
import { addGuard, type GuardDeps, logIn, Refusal, SESSION_COOKIE } from './auth/guard.ts';
import { userOfSession } from './auth/sessions.ts';
import { BOARD } from './board.ts';
import { BOARD_CSP, CSP } from './content-policy.ts';
import { ownPath } from './own-path.ts';
import { loginPage } from './pages/layout.ts';
import { LANGUAGE_COOKIE, languageFor, sendPage } from './reader.ts';
import { refuse } from './refused.ts';
import { STYLE } from './style.ts';
import { sayIn } from './words.ts';

const FORM_BYTES = 65_536;
/** A form is small: whoever takes longer holds a connection, and no form. */
const HEADERS_MS = 5000;
const REQUEST_MS = 10_000;
const LOOK_FOR_SLOW_MS = 1000;
/** Nothing is read or written on a connection; far longer than the slowest answer. */
const STALLED_MS = 120_000;
const field = z.string().max(256).optional().catch(undefined);
const loginSchema = z.object({ name: field, password: field, next: z.unknown().optional() });

export interface ServerOptions {
  /** Addresses and ranges whose word is taken for where a request comes from. */
  readonly trustedProxies: readonly string[];
}

/** The HTTP server of the dashboard without its pages: login, headers, refusals. */
export async function createServer(
  deps: GuardDeps,
  { trustedProxies }: ServerOptions,
): Promise<FastifyInstance> {
  const app = fastify({
    logger: false,
    trustProxy: trustedProxies.length > 0 && [...trustedProxies],
    bodyLimit: FORM_BYTES,
    requestTimeout: REQUEST_MS,
    connectionTimeout: STALLED_MS,
    http: { headersTimeout: HEADERS_MS, connectionsCheckingInterval: LOOK_FOR_SLOW_MS },
    forceCloseConnections: 'idle',
    // Of an address that the router cannot read: no hook runs, and its text is nobody's business.
    frameworkErrors: (_error, { url }, reply: unknown) => {
      const answer = guarded(url, reply as FastifyReply);
      void answer.code(400).send({ error: 'Expected the address of a page.' });
    },
  });
  await app.register(cookie);
  await app.register(formbody);
  app.addHook('onRequest', async ({ url }, reply) => void guarded(url, reply));
  const refuseWith = (error: unknown, request: FastifyRequest, reply: FastifyReply) =>
    refuse(deps.logger, error, request, reply);
  app.addHook('onResponse', async ({ method, routeOptions }, { statusCode, elapsedTime }) => {
    deps.metrics.answered(method, routeOptions.url ?? 'none', statusCode, elapsedTime / 1000);
  });
  addGuard(app, deps, refuseWith);
  app.setErrorHandler(refuseWith);
  app.setNotFoundHandler((request, reply) =>
    refuseWith(new Refusal(404, (say) => say('noPage')), request, reply),
  );
  loginRoutes(app, deps);
  return app;
}

/** With the headers that every answer has. */
function guarded(url: string, reply: FastifyReply): FastifyReply {
  return reply.headers({
    'content-security-policy': url.startsWith(BOARD) ? BOARD_CSP : CSP,
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    // Not `no-referrer`: with it browsers hide the origin of our own forms, too.
    'referrer-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'cache-control': 'no-store',
  });
}

interface Onwards {
  readonly Querystring: { readonly next?: unknown };
}

function loginRoutes(app: FastifyInstance, deps: GuardDeps): void {
  app.get('/style.css', { config: { open: true } }, (_request, reply) =>
    reply.type('text/css; charset=utf-8').send(STYLE),
  );
  app.get<Onwards>('/login', { config: { open: true } }, (request, reply) => {
    const next = ownPath(request.query.next);
    const user = userOfSession(deps, request.cookies[SESSION_COOKIE], 'person');
    if (user && request.query.next !== undefined) return reply.redirect(next, 303);
    const language = languageFor(request);
    return sendPage(reply, loginPage(language, sayIn(language), { next }));
  });
  app.post('/login', { config: { open: true } }, async (request, reply) => {
    const { name = '', password = '', next } = loginSchema.parse(Object(request.body));
    const user = await logIn(deps, { name, password }, request.ip);
    request.user = user;
    return reply
      .setCookie(SESSION_COOKIE, deps.sessions.open(user), cookieOptions(request))
      .redirect(ownPath(next), 303);
  });
  app.post('/logout', { config: { anyRole: true } }, async (request, reply) => {
    const session = request.cookies[SESSION_COOKIE];
    if (session !== undefined) deps.sessions.close(session);
    return reply.clearCookie(SESSION_COOKIE, { path: '/' }).redirect('/login', 303);
  });
  app.get<Onwards>('/language', async (request, reply) => {
    const other = languageFor(request) === 'en' ? 'zh' : 'en';
    return reply
      .setCookie(LANGUAGE_COOKIE, other, cookieOptions(request))
      .redirect(ownPath(request.query.next), 303);
  });
}

/** Behind a proxy that speaks TLS the cookie is for TLS only. */
function cookieOptions(request: FastifyRequest) {
  const isSecure = request.protocol === 'https' || request.headers['x-forwarded-proto'] === 'https';
  return { path: '/', httpOnly: true, sameSite: 'strict', secure: isSecure } as const;
}
