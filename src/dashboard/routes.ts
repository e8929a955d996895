import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Producer } from '../producer/index.ts';
import { isRate, MOST_PER_SECOND } from '../shared/account-control.ts';
import type { Logger } from '../shared/logger.ts';
import { KINDS } from '../shared/outcome.ts';
import type { AccountViews } from './account-views.ts';
import { Refusal } from './auth/guard.ts';
import { accountPage } from './pages/account.ts';
import { foundPage, messagePage, noMessagePage } from './pages/message.ts';
import { overviewPage } from './pages/overview.ts';
import { readerOf, sendPage } from './reader.ts';

export interface RouteDeps {
  readonly producer: Producer;
  readonly views: AccountViews;
  readonly now: () => number;
  readonly logger: Logger;
}

const NO_ACCOUNT = 'There is no such account.';
const RATE_WANTED = `Expected a rate above 0 and at most ${MOST_PER_SECOND} messages a second.`;
const rateSchema = z.object({
  kind: z.enum(KINDS),
  perSecond: z.coerce.number().refine(isRate),
  reset: z.string().optional(),
});

/** Overview, accounts and messages. */
export function pageRoutes(app: FastifyInstance, deps: RouteDeps): void {
  const { producer, views, now } = deps;
  app.get('/', async (request, reply) => {
    const [read, deadLetters] = await Promise.all([views.all(), views.countDeadLetters()]);
    return sendPage(reply, overviewPage(readerOf(request), { ...read, deadLetters }));
  });
  app.get<{ Params: { appId: string } }>('/accounts/:appId', async (request, reply) => {
    const view = await views.one(request.params.appId);
    if (!view) throw new Refusal(404, NO_ACCOUNT);
    return sendPage(reply, accountPage(readerOf(request), view, now()));
  });
  for (const action of ['pause', 'resume'] as const) {
    app.post<{ Params: { appId: string } }>(
      `/accounts/:appId/${action}`,
      async (request, reply) => {
        const { appId } = request.params;
        if (!(await views[action](appId))) throw new Refusal(404, NO_ACCOUNT);
        return reply.redirect(`/accounts/${encodeURIComponent(appId)}`, 303);
      },
    );
  }
  rateRoute(app, deps);
  app.get<{ Querystring: { q?: string; did?: string } }>('/message', async (request, reply) => {
    const { q = '', did } = request.query;
    const found = await producer.find(String(q).trim().slice(0, 200));
    const reader = readerOf(request);
    const [first] = found;
    if (!first) return sendPage(reply, noMessagePage(reader), 404);
    if (found.length > 1) return sendPage(reply, foundPage(reader, found));
    return sendPage(reply, messagePage(reader, first, did !== undefined));
  });
}

function rateRoute(app: FastifyInstance, { views, logger }: RouteDeps): void {
  app.post<{ Params: { appId: string } }>('/accounts/:appId/rate', async (request, reply) => {
    const { appId } = request.params;
    const parsed = rateSchema.safeParse(request.body);
    if (!parsed.success) throw new Refusal(400, RATE_WANTED);
    const { kind, perSecond, reset } = parsed.data;
    const rate = reset === undefined ? perSecond : null;
    if (!(await views.setRate(appId, kind, rate))) throw new Refusal(404, NO_ACCOUNT);
    const user = request.user.name;
    logger.info({ audit: true, user, appId, kind, perSecond: rate }, 'rate set');
    return reply.redirect(`/accounts/${encodeURIComponent(appId)}`, 303);
  });
}
