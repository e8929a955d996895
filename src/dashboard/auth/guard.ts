import '@fastify/cookie';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../../shared/logger.ts';
import { maskOpenids } from '../../shared/openid.ts';
import type { DashboardMetrics } from '../metrics.ts';
import type { User } from '../users/user.ts';
import type { UserRing } from '../users/user-ring.ts';
import { type Say, sayIn } from '../words.ts';
import type { Attempt, Lockout } from './lockout.ts';
import { isSameOrigin } from './same-origin.ts';
import { type Sessions, userOfSession } from './sessions.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who looks or acts. On every route but those that are open. */
    user: User;
  }
  interface FastifyContextConfig {
    /** Needs no login. */
    open?: boolean;
    /** Changes something although it is for viewers, too: logging out. */
    anyRole?: boolean;
    /** Asked for by a page that is left open, again and again. */
    polled?: boolean;
  }
}

export const SESSION_COOKIE = 'courier_session';

export interface GuardDeps {
  readonly users: UserRing;
  readonly sessions: Sessions;
  readonly lockout: Lockout;
  readonly metrics: DashboardMetrics;
  readonly logger: Logger;
}

/** In the language of whoever reads it. */
type Told = string | ((say: Say) => string);

/** What somebody asked for and does not get. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: 400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 500 | 503;
  readonly retryAfterMs: number | undefined;
  readonly #told: Told;

  constructor(status: Refusal['status'], told: Told, retryAfterMs?: number) {
    super(toldIn(sayIn('en'), told));
    this.status = status;
    this.#told = told;
    this.retryAfterMs = retryAfterMs;
  }

  in(say: Say): string {
    return toldIn(say, this.#told);
  }
}

function toldIn(say: Say, told: Told): string {
  return typeof told === 'string' ? told : told(say);
}

/** Answers with a refusal, in the form that whoever asked can read. */
export type Refuse = (error: Refusal, request: FastifyRequest, reply: FastifyReply) => FastifyReply;

const SAFE = new Set(['GET', 'HEAD']);

/**
 * Stands before every route, Bull Board's included: who is it, may it, does it come from a page
 * of ours. Writes a line for every change that was asked for.
 */
export function addGuard(app: FastifyInstance, deps: GuardDeps, refuse: Refuse): void {
  app.decorateRequest('user');
  // Refused here and now: an error would be answered by Bull Board in its own way.
  app.addHook('onRequest', async (request, reply) => {
    try {
      await admit(deps, request, reply);
    } catch (error) {
      if (error instanceof Refusal) return refuse(error, request, reply);
      throw error;
    }
  });
  app.addHook('onResponse', async (request, reply) => {
    if (SAFE.has(request.method)) return;
    const { method, url, ip } = request;
    const { name, role } = request.user ?? {};
    deps.logger.info(
      {
        audit: true,
        user: name,
        role,
        method,
        path: pathOf(url),
        status: reply.statusCode,
        remote: ip,
      },
      'action',
    );
  });
}

/** As the router reads it, so that nothing hides in `%6f`; without openids. */
function pathOf(url: string): string {
  const path = url.split(/[?#]/)[0] ?? '';
  try {
    return maskOpenids(decodeURIComponent(path));
  } catch {
    return maskOpenids(path);
  }
}

/** @throws Refusal */
async function admit(deps: GuardDeps, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const { open, anyRole } = request.routeOptions.config;
  const isChange = !SAFE.has(request.method);
  if (!open) request.user = await userOf(deps, request, reply);
  if (!isChange) return;
  if (!isSameOrigin(request.headers)) {
    throw new Refusal(403, (say) => say('elsewhere'));
  }
  if (!open && !anyRole && request.user.role !== 'operator') {
    throw new Refusal(403, (say) => say('viewerOnly'));
  }
}

async function userOf(
  deps: GuardDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<User> {
  const isPoll = SAFE.has(request.method) && request.routeOptions.config.polled === true;
  const by = isPoll ? 'program' : 'person';
  const user = userOfSession(deps, request.cookies[SESSION_COOKIE], by);
  if (user) return user;
  const basic = basicOf(request.headers.authorization);
  if (basic) return await logIn(deps, basic, request.ip);
  // Not to a page's own request: the browser would ask in a box, and log in again for ever with
  // what was typed there, whoever logs out.
  if (request.headers['sec-fetch-site'] === undefined) {
    void reply.header('www-authenticate', 'Basic realm="wechat-courier", charset="UTF-8"');
  }
  throw new Refusal(401, (say) => say('loginWanted'));
}

/** @throws Refusal 401, or 429 after too many failures */
export async function logIn(
  deps: Omit<GuardDeps, 'sessions'>,
  credentials: Credentials,
  remote: string,
): Promise<User> {
  return await deps.lockout.inTurn(remote, () => checked(deps, credentials, remote));
}

async function checked(
  { users, lockout, metrics, logger }: Omit<GuardDeps, 'sessions'>,
  { name, password }: Credentials,
  remote: string,
): Promise<User> {
  const who = { address: remote, name: name.slice(0, 64) };
  const waitMs = lockout.waitMs(who);
  if (waitMs > 0) {
    metrics.loggedIn('locked');
    sayRefused(logger, who, waitMs);
    throw new Refusal(429, (say) => `${say('lockedOut')} ${shownWait(waitMs)}`, waitMs);
  }
  const known = await users.verify(name, password);
  if (known) {
    lockout.succeeded(who);
    metrics.loggedIn('ok');
    return known;
  }
  lockout.failed(who);
  metrics.loggedIn('refused');
  sayRefused(logger, who, 0);
  throw new Refusal(401, (say) => say('wrongPassword'));
}

/** Not less than it is. */
function shownWait(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
}

function sayRefused(logger: Logger, { address, name }: Attempt, waitMs: number): void {
  // Somebody may have typed anything there.
  const user = maskOpenids(name);
  logger.warn(
    { audit: true, user, remote: address, ...(waitMs > 0 && { waitMs }) },
    'login refused',
  );
}

export interface Credentials {
  readonly name: string;
  readonly password: string;
}

function basicOf(header: string | undefined): Credentials | null {
  const [, encoded] = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(header ?? '') ?? [];
  if (encoded === undefined) return null;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? null : { name: text.slice(0, colon), password: text.slice(colon + 1) };
}
