import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { FoundMessage, Producer } from '../producer/index.ts';
import { isRate } from '../shared/account-control.ts';
import type { Logger } from '../shared/logger.ts';
import { maskOpenids } from '../shared/openid.ts';
import { KINDS } from '../shared/outcome.ts';
import type { AccountViews } from './account-views.ts';
import { Refusal } from './auth/guard.ts';
import { accountPage, type RefusedRate } from './pages/account.ts';
import { foundPage, noMessagePage } from './pages/found.ts';
import { isBeingRedriven, messagePage, type MessageView } from './pages/message.ts';
import { overviewPage } from './pages/overview.ts';
import { isOnItsWay } from './pages/waiting.ts';
import { readerOf, sendPage } from './reader.ts';

export interface RouteDeps {
  readonly producer: Producer;
  readonly views: AccountViews;
  readonly now: () => number;
  readonly logger: Logger;
}

const rateSchema = z.object({
  kind: z.enum(KINDS),
  perSecond: z.coerce.number().refine(isRate),
  reset: z.string().optional(),
});

/** Overview, accounts and messages. */
export function pageRoutes(app: FastifyInstance, deps: RouteDeps): void {
  const { producer, views, now } = deps;
  app.get<{ Querystring: { watch?: unknown } }>('/', async (request, reply) => {
    const [read, deadLetters, redrivesPaused] = await Promise.all([
      views.all(),
      views.countDeadLetters(),
      views.areRedrivesPaused(),
    ]);
    const isWatched = request.query.watch !== undefined;
    const view = { ...read, deadLetters, redrivesPaused, isWatched };
    return sendPage(reply, overviewPage(readerOf(request), view));
  });
  app.get<{ Params: { appId: string } }>('/accounts/:appId', async (request, reply) => {
    const view = await views.one(request.params.appId);
    if (!view) throw noAccount();
    return sendPage(reply, accountPage(readerOf(request), view, now()));
  });
  for (const action of ['pause', 'resume'] as const) {
    app.post<{ Params: { appId: string } }>(
      `/accounts/:appId/${action}`,
      async (request, reply) => {
        const { appId } = request.params;
        if (!(await views[action](appId, request.user.name))) throw noAccount();
        return reply.redirect(`/accounts/${encodeURIComponent(appId)}`, 303);
      },
    );
  }
  rateRoute(app, deps);
  app.get<{ Querystring: MessageQuery }>('/message', async (request, reply) => {
    const { q = '', did, to } = request.query;
    const text = String(q).trim().slice(0, 200);
    const isSearching = request.query.q === undefined && to === undefined;
    if (isSearching) return sendPage(reply, noMessagePage(readerOf(request), ''));
    const found = await producer.find(to === undefined ? text : await recipientOf(producer, to));
    const reader = readerOf(request);
    const [first] = found;
    if (!first) return sendPage(reply, noMessagePage(reader, text), 404);
    if (found.length > 1) return sendPage(reply, foundPage(reader, found));
    const view = await viewOf(deps, first);
    const asked = did !== undefined && isBeingRedriven(view);
    return sendPage(reply, messagePage(reader, { ...view, asked }));
  });
}

function noAccount(): Refusal {
  return new Refusal(404, (say) => say('noAccount'));
}

interface MessageQuery {
  readonly q?: string;
  readonly did?: string;
  /** A message id: looks for all messages to its recipient, whose openid is in no address. */
  readonly to?: string;
}

async function recipientOf(producer: Producer, messageId: unknown): Promise<string> {
  const recipient = (await producer.content(String(messageId)))?.message['touser'];
  return typeof recipient === 'string' ? recipient : '';
}

async function viewOf(
  { producer, views, now }: RouteDeps,
  status: FoundMessage,
): Promise<Omit<MessageView, 'asked'>> {
  const { messageId, appId, kind, state } = status;
  const key = messageId.slice(appId.length + 1);
  const [content, letter, unknown, waiting] = await Promise.all([
    producer.content(messageId),
    state === 'dead' ? producer.deadLetters.show(messageId) : null,
    state === 'unknown' ? producer.unknown.show(messageId) : null,
    isOnItsWay(status) ? views.waiting(appId, kind, key) : undefined,
  ]);
  const more = {
    ...(waiting !== undefined && { waiting }),
    ...(unknown && { diesAt: unknown.diesAt }),
  };
  return { status, content, letter, now: now(), ...more };
}

/** What somebody typed, to be corrected. */
function givenRate(body: unknown): RefusedRate {
  const { kind, perSecond } = Object(body) as Partial<Record<'kind' | 'perSecond', unknown>>;
  const known = KINDS.find((one) => one === kind);
  const value = typeof perSecond === 'string' ? perSecond.slice(0, 40) : '';
  return { ...(known && { kind: known }), value: maskOpenids(value) };
}

function rateRoute(app: FastifyInstance, { views, now, logger }: RouteDeps): void {
  app.post<{ Params: { appId: string } }>('/accounts/:appId/rate', async (request, reply) => {
    const { appId } = request.params;
    const parsed = rateSchema.safeParse(request.body);
    if (!parsed.success) {
      const view = await views.one(appId);
      if (!view) throw noAccount();
      const refusedRate = givenRate(request.body);
      return sendPage(reply, accountPage(readerOf(request), { ...view, refusedRate }, now()), 400);
    }
    const { kind, perSecond, reset } = parsed.data;
    const rate = reset === undefined ? perSecond : null;
    if (!(await views.setRate(appId, kind, rate))) throw noAccount();
    const user = request.user.name;
    logger.info({ audit: true, user, appId, kind, perSecond: rate }, 'rate set');
    return reply.redirect(`/accounts/${encodeURIComponent(appId)}`, 303);
  });
}
