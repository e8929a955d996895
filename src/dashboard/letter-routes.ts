import type { FastifyInstance } from 'fastify';
import type { DeadLetterFilter, Producer } from '../producer/index.ts';
import type { Logger } from '../shared/logger.ts';
import { maskOpenids } from '../shared/openid.ts';
import type { AccountViews } from './account-views.ts';
import { Refusal } from './auth/guard.ts';
import type { Html } from './html.ts';
import { type Asked, asked, type NotUnderstood, queryOf } from './letter-filter.ts';
import { deadLettersPage, refusedFilterPage, shownRefusal } from './pages/dead-letters.ts';
import type { Reader } from './pages/layout.ts';
import { countFates, type Fates, repairPage } from './pages/repair.ts';
import { purgeOnePage, repairQuestion } from './pages/repair-question.ts';
import { readerOf, sendPage } from './reader.ts';
import { type Repair, REPAIR_ACTIONS, type RepairAction, type Repairs } from './repairs.ts';

export interface LetterRouteDeps {
  readonly producer: Producer;
  readonly views: AccountViews;
  readonly repairs: Repairs;
  readonly now: () => number;
  readonly logger: Logger;
}

const PAGE = 50;
/** Beyond this a question says "at least". */
const MOST_COUNTED = 10_000;

/** Dead letters: looking, repairing one at once, and many with a page that shows how far it is. */
export function letterRoutes(app: FastifyInstance, deps: LetterRouteDeps): void {
  const { producer, views, repairs, now } = deps;
  app.get('/dead-letters', async (request, reply) => {
    const wanted = asked(request.query, now());
    const reader = readerOf(request);
    const others = { appIds: views.appIds(), repairs: repairs.latest() };
    if (wanted.kind === 'not-understood') {
      const given = request.query as Readonly<Record<string, unknown>>;
      return sendPage(reply, refusedFilterPage(reader, { given, refusal: wanted, ...others }), 400);
    }
    const { filter, cursor, did, count } = wanted;
    const from = cursor === undefined ? {} : { cursor };
    const page = await producer.deadLetters.page({ ...filter, ...from, limit: PAGE });
    const done = did === 'redrive' ? reader.say('redriven') : reader.say('purged');
    const notice = did === undefined ? {} : { notice: `${count ?? 0} ${done}` };
    return sendPage(reply, deadLettersPage(reader, { ...page, filter, ...others, ...notice }));
  });
  for (const action of REPAIR_ACTIONS) {
    app.post(`/dead-letters/${action}`, async (request, reply) => {
      const reader = readerOf(request);
      const wanted = understood(asked(request.body, now()));
      const { messageId, confirmed } = wanted;
      if (messageId !== undefined && (action === 'redrive' || confirmed)) {
        return reply.redirect(await one(deps, action, wanted, request.user.name), 303);
      }
      if (messageId !== undefined) return sendPage(reply, purgeOnePage(reader, wanted, messageId));
      if (!confirmed) return sendPage(reply, await question(deps, reader, action, wanted.filter));
      const repair = await repairs.start(action, wanted.filter, request.user.name);
      if (!repair) throw new Refusal(409, (say) => say('repairBusy'));
      return reply.redirect(`/repairs/${repair.id}`, 303);
    });
  }
  app.get<{ Params: { id: string } }>('/repairs/:id', async (request, reply) => {
    const repair = repairs.find(request.params.id);
    if (!repair) throw noRepair();
    const fates = repair.action === 'redrive' ? await fatesOf(producer, repair) : null;
    return sendPage(reply, repairPage(readerOf(request), repair, fates, now()));
  });
  app.post<{ Params: { id: string } }>('/repairs/:id/stop', async (request, reply) => {
    const { id } = request.params;
    if (!repairs.find(id)) throw noRepair();
    repairs.stop(id);
    return reply.redirect(`/repairs/${id}`, 303);
  });
}

function noRepair(): Refusal {
  return new Refusal(404, (say) => say('noRepair'));
}

/** @throws Refusal 400 */
function understood(wanted: Asked | NotUnderstood): Asked {
  if (wanted.kind === 'asked') return wanted;
  throw new Refusal(400, (say) => shownRefusal(say, wanted));
}

/** How many it would be. Those that die from now on are not asked about, and not repaired. */
async function question(
  { producer, now }: LetterRouteDeps,
  reader: Reader,
  action: RepairAction,
  chosen: DeadLetterFilter,
): Promise<Html> {
  const filter = { ...chosen, until: Math.min(chosen.until ?? now(), now()) };
  const { letters, cursor } = await producer.deadLetters.page({ ...filter, limit: MOST_COUNTED });
  const [newest, oldest] = [letters.at(0)?.deadAt, letters.at(-1)?.deadAt];
  const counted = { count: letters.length, isMore: cursor !== undefined, newest, oldest };
  return repairQuestion(reader, { action, filter, chosen, ...counted });
}

/** What became of the messages that were put back. */
async function fatesOf(producer: Producer, { followed }: Repair): Promise<Fates> {
  const found = await Promise.all(followed.map((messageId) => producer.status(messageId)));
  return countFates(found.map((status) => status?.state ?? null));
}

/** One letter, at once. Returns where the reader goes to see what came of it. */
async function one(
  { producer, logger }: LetterRouteDeps,
  action: RepairAction,
  { filter, messageId = '' }: Asked,
  user: string,
): Promise<string> {
  const count = Number(await producer.deadLetters[action](messageId));
  logger.info(
    { audit: true, user, action, count, messageId: maskOpenids(messageId) },
    'dead letter',
  );
  if (action === 'redrive' && count === 1) {
    return `/message?${new URLSearchParams({ did: action, q: messageId }).toString()}`;
  }
  const query = queryOf(filter);
  query.set('did', action);
  query.set('count', String(count));
  return `/dead-letters?${query.toString()}`;
}
