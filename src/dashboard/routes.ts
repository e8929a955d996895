import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { DeadLetterFilter, Producer } from '../producer/index.ts';
import { CourierError } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import { deriveMessageId, parseMessageId } from '../shared/message/message-id.ts';
import { DEAD_REASONS } from '../shared/outcome.ts';
import type { AccountViews } from './account-views.ts';
import { Refusal } from './auth/guard.ts';
import { accountPage } from './pages/account.ts';
import { deadLettersPage, purgePage, queryOf } from './pages/dead-letters.ts';
import { messagePage, noMessagePage } from './pages/message.ts';
import { overviewPage } from './pages/overview.ts';
import { readerOf, sendPage } from './reader.ts';

export interface RouteDeps {
  readonly producer: Producer;
  readonly views: AccountViews;
  readonly now: () => number;
  readonly logger: Logger;
}

const blank = (value: unknown) => (value === '' ? undefined : value);
const text = z.preprocess(blank, z.string().max(200).optional());
/** What forms and links send. */
const lettersSchema = z.strictObject({
  appId: text,
  reason: z.preprocess(blank, z.enum(DEAD_REASONS).optional()),
  errcode: z.preprocess(blank, z.coerce.number().int().optional()),
  cursor: text,
  messageId: text,
  did: text,
  count: text,
  confirmed: text,
});
type Asked = z.output<typeof lettersSchema>;

const PAGE = 50;
/** Of one action on a filtered set; what is left can be asked for again. */
const MOST_AT_ONCE = 10_000;
const CHUNK = 100;

/** Our own pages. */
export function pageRoutes(app: FastifyInstance, deps: RouteDeps): void {
  const { producer, views, now } = deps;
  app.get('/', async (request, reply) => {
    const [accounts, deadLetters] = await Promise.all([views.all(), views.countDeadLetters()]);
    return sendPage(reply, overviewPage(readerOf(request), accounts, deadLetters, now()));
  });
  app.get<{ Params: { appId: string } }>('/accounts/:appId', async (request, reply) => {
    const view = await views.one(request.params.appId);
    if (!view) throw new Refusal(404, 'There is no such account.');
    return sendPage(reply, accountPage(readerOf(request), view, now()));
  });
  for (const action of ['pause', 'resume'] as const) {
    app.post<{ Params: { appId: string } }>(
      `/accounts/:appId/${action}`,
      async (request, reply) => {
        const { appId } = request.params;
        if (!(await views[action](appId))) throw new Refusal(404, 'There is no such account.');
        return reply.redirect(`/accounts/${encodeURIComponent(appId)}`, 303);
      },
    );
  }
  app.get<{ Querystring: { q?: string } }>('/message', async (request, reply) => {
    const query = String(request.query.q ?? '')
      .trim()
      .slice(0, 200);
    const status = await findMessage(producer, views.appIds(), query);
    const reader = readerOf(request);
    if (!status) return sendPage(reply, noMessagePage(reader, query), 404);
    return sendPage(reply, messagePage(reader, status));
  });
  deadLetterRoutes(app, deps);
}

/** By the message's id, or by the caller's id in any of the accounts. */
async function findMessage(producer: Producer, appIds: readonly string[], query: string) {
  if (parseMessageId(query)) return await producer.status(query);
  for (const appId of appIds) {
    const status = await producer.status(deriveMessageId(appId, query));
    if (status) return status;
  }
  return null;
}

function deadLetterRoutes(app: FastifyInstance, deps: RouteDeps): void {
  const { producer, views, logger } = deps;
  app.get('/dead-letters', async (request, reply) => {
    const wanted = asked(request.query);
    const filter = filterOf(wanted);
    const cursor = wanted.cursor === undefined ? {} : { cursor: wanted.cursor };
    const page = await producer.deadLetters.page({ ...filter, ...cursor, limit: PAGE });
    const reader = readerOf(request);
    const done = wanted.did === 'redrive' ? reader.say('redriven') : reader.say('purged');
    const notice = wanted.did === undefined ? {} : { notice: `${wanted.count ?? 0} ${done}` };
    const view = { ...page, filter, appIds: views.appIds(), ...notice };
    return sendPage(reply, deadLettersPage(reader, view));
  });
  for (const action of ['redrive', 'purge'] as const) {
    app.post(`/dead-letters/${action}`, async (request, reply) => {
      const wanted = asked(request.body);
      const filter = filterOf(wanted);
      if (action === 'purge' && wanted.confirmed === undefined) {
        return sendPage(reply, purgePage(readerOf(request), filter, wanted.messageId));
      }
      const count = await forAll(producer, wanted, (id) => producer.deadLetters[action](id));
      const user = request.user.name;
      logger.info({ audit: true, user, action, count, ...filter }, 'dead letters');
      const query = queryOf(filter);
      query.set('did', action);
      query.set('count', String(count));
      return reply.redirect(`/dead-letters?${query.toString()}`, 303);
    });
  }
}

/** @throws CourierError `ERR_INVALID_FILTER`: what was not understood must not mean "all" */
function asked(fields: unknown): Asked {
  const parsed = lettersSchema.safeParse(fields ?? {});
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new CourierError(
    'ERR_INVALID_FILTER',
    `${issue?.path.join('.') || 'filter'}: ${issue?.message ?? 'expected another value'}.`,
  );
}

/** One letter, or all that match; some at a time, so that Redis stays responsive. */
async function forAll(
  { deadLetters }: Producer,
  wanted: Asked,
  act: (messageId: string) => Promise<boolean>,
): Promise<number> {
  const chosen =
    wanted.messageId === undefined
      ? (await deadLetters.list({ ...filterOf(wanted), limit: MOST_AT_ONCE })).map(
          ({ messageId }) => messageId,
        )
      : [wanted.messageId];
  let count = 0;
  for (let start = 0; start < chosen.length; start += CHUNK) {
    const done = await Promise.all(chosen.slice(start, start + CHUNK).map(act));
    count += done.filter(Boolean).length;
  }
  return count;
}

function filterOf({ appId, reason, errcode }: Asked): DeadLetterFilter {
  return {
    ...(appId !== undefined && { appId }),
    ...(reason !== undefined && { reason }),
    ...(errcode !== undefined && { errcode }),
  };
}
