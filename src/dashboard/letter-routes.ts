import type { FastifyInstance } from 'fastify';
import type { Producer } from '../producer/index.ts';
import type { Logger } from '../shared/logger.ts';
import { maskOpenids } from '../shared/openid.ts';
import type { AccountViews } from './account-views.ts';
import { Refusal } from './auth/guard.ts';
import { asked, queryOf } from './letter-filter.ts';
import { deadLettersPage, purgePage } from './pages/dead-letters.ts';
import { repairPage } from './pages/repair.ts';
import { readerOf, sendPage } from './reader.ts';
import { REPAIR_ACTIONS, type RepairAction, type Repairs } from './repairs.ts';

export interface LetterRouteDeps {
  readonly producer: Producer;
  readonly views: AccountViews;
  readonly repairs: Repairs;
  readonly now: () => number;
  readonly logger: Logger;
}

const PAGE = 50;

/** Dead letters: looking, repairing one at once, and many with a page that shows how far it is. */
export function letterRoutes(app: FastifyInstance, deps: LetterRouteDeps): void {
  const { producer, views, repairs, now } = deps;
  app.get('/dead-letters', async (request, reply) => {
    const { filter, cursor, did, count } = asked(request.query, now());
    const from = cursor === undefined ? {} : { cursor };
    const page = await producer.deadLetters.page({ ...filter, ...from, limit: PAGE });
    const reader = readerOf(request);
    const done = did === 'redrive' ? reader.say('redriven') : reader.say('purged');
    const notice = did === undefined ? {} : { notice: `${count ?? 0} ${done}` };
    const others = { appIds: views.appIds(), repairs: repairs.latest() };
    return sendPage(reply, deadLettersPage(reader, { ...page, filter, ...others, ...notice }));
  });
  for (const action of REPAIR_ACTIONS) {
    app.post(`/dead-letters/${action}`, async (request, reply) => {
      const { filter, messageId, confirmed } = asked(request.body, now());
      if (action === 'purge' && !confirmed) {
        return sendPage(reply, purgePage(readerOf(request), filter, messageId));
      }
      const user = request.user.name;
      if (messageId !== undefined)
        return reply.redirect(await one(deps, action, messageId, user), 303);
      const repair = await repairs.start(action, filter, user);
      if (!repair) throw new Refusal(409, 'Another repair is running: wait for it, or stop it.');
      return reply.redirect(`/repairs/${repair.id}`, 303);
    });
  }
  app.get<{ Params: { id: string } }>('/repairs/:id', async (request, reply) => {
    const repair = repairs.find(request.params.id);
    if (!repair) throw new Refusal(404, 'There is no such repair, or no more.');
    return sendPage(reply, repairPage(readerOf(request), repair, now()));
  });
  app.post<{ Params: { id: string } }>('/repairs/:id/stop', async (request, reply) => {
    const { id } = request.params;
    if (!repairs.find(id)) throw new Refusal(404, 'There is no such repair, or no more.');
    repairs.stop(id);
    return reply.redirect(`/repairs/${id}`, 303);
  });
}

/** One letter, at once. Returns where the reader goes to see what came of it. */
async function one(
  { producer, logger }: LetterRouteDeps,
  action: RepairAction,
  messageId: string,
  user: string,
): Promise<string> {
  const count = Number(await producer.deadLetters[action](messageId));
  logger.info(
    { audit: true, user, action, count, messageId: maskOpenids(messageId) },
    'dead letter',
  );
  const query = queryOf({});
  query.set('did', action);
  if (action === 'redrive' && count === 1) {
    query.set('q', messageId);
    return `/message?${query.toString()}`;
  }
  query.set('count', String(count));
  return `/dead-letters?${query.toString()}`;
}
