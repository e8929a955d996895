import type { FastifyInstance } from 'fastify';
import type { DeadLetterFilter, Producer } from '../producer/index.ts';
import { isDoubtful } from '../shared/dead-letter.ts';
import type { Logger } from '../shared/logger.ts';
import { maskOpenids } from '../shared/openid.ts';
import type { AccountViews } from './account-views.ts';
import { Refusal } from './auth/guard.ts';
import type { Html } from './html.ts';
import { countLetters } from './letter-count.ts';
import { type Asked, asked, type NotUnderstood, queryOf } from './letter-filter.ts';
import { deadLettersPage, refusedFilterPage, shownRefusal } from './pages/dead-letters.ts';
import type { Reader } from './pages/layout.ts';
import { countFates, type Fates, repairPage, type Standstill } from './pages/repair.ts';
import { repairOnePage, repairQuestion } from './pages/repair-question.ts';
import { readerOf, sendPage } from './reader.ts';
import { type Repair, REPAIR_ACTIONS, type RepairAction, type Repairs } from './repairs.ts';

export interface LetterRouteDeps {
  readonly producer: Producer;
  readonly views: AccountViews;
  readonly repairs: Repairs;
  readonly now: () => number;
  readonly monotonic: () => number;
  readonly logger: Logger;
}

const PAGE = 50;

/** Dead letters: looking, repairing one at once, and many with a page that shows how far it is. */
export function letterRoutes(app: FastifyInstance, deps: LetterRouteDeps): void {
  const { producer, views, repairs, now } = deps;
  const fatesOf = followingOf(producer, deps.monotonic);
  app.get('/dead-letters', async (request, reply) => {
    const wanted = asked(request.query, now());
    const reader = readerOf(request);
    const others = { appIds: views.appIds(), repairs: repairs.latest() };
    if (wanted.kind === 'not-understood') {
      const given = request.query as Readonly<Record<string, unknown>>;
      return sendPage(reply, refusedFilterPage(reader, { given, refusal: wanted, ...others }), 400);
    }
    const { filter, cursor, did, messageId } = wanted;
    const from = cursor === undefined ? {} : { cursor };
    const page = await producer.deadLetters.page({ ...filter, ...from, limit: PAGE });
    // A link says it; whether it is true, is looked at.
    const isPurged = did && messageId && (await producer.deadLetters.show(messageId)) === null;
    const notice = isPurged ? { purged: messageId } : {};
    return sendPage(reply, deadLettersPage(reader, { ...page, filter, ...others, ...notice }));
  });
  for (const action of REPAIR_ACTIONS) {
    app.post(`/dead-letters/${action}`, async (request, reply) => {
      const reader = readerOf(request);
      const wanted = understood(asked(request.body, now()));
      const { messageId, confirmed } = wanted;
      if (messageId !== undefined) {
        const letter = confirmed ? null : await producer.deadLetters.show(messageId);
        if (!confirmed && (action === 'purge' || (letter && isDoubtful(letter)))) {
          return sendPage(reply, repairOnePage(reader, action, wanted, letter));
        }
        return reply.redirect(await one(deps, action, wanted, request.user.name), 303);
      }
      if (!confirmed) return sendPage(reply, await question(deps, reader, action, wanted.filter));
      const repair = await repairs.start(action, wanted.filter, request.user.name);
      if (!repair) throw new Refusal(409, (say) => say('repairBusy'));
      return reply.redirect(`/repairs/${repair.id}`, 303);
    });
  }
  app.get<{ Params: { id: string } }>('/repairs/:id', async (request, reply) => {
    const repair = repairs.find(request.params.id);
    if (!repair) throw noRepair();
    const [fates, standstill] = await Promise.all([fatesOf(repair), standstillOf(views)]);
    return sendPage(reply, repairPage(readerOf(request), { repair, fates, standstill }, now()));
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
  { producer, views, now, monotonic }: LetterRouteDeps,
  reader: Reader,
  action: RepairAction,
  chosen: DeadLetterFilter,
): Promise<Html> {
  const filter = { ...chosen, until: Math.min(chosen.until ?? now(), now()) };
  const [counted, total] = await Promise.all([
    countLetters(producer.deadLetters, filter, monotonic),
    views.countDeadLetters(),
  ]);
  return repairQuestion(reader, { action, filter, chosen, total, ...counted });
}

/** Many may have the page open, which asks every few seconds. */
const FATES_MS = 4000;

/** What became of the messages whose redrive a repair asked for. */
function followingOf(producer: Producer, monotonic: () => number) {
  let last:
    | { readonly of: Repair['followed']; readonly at: number; readonly fates: Promise<Fates> }
    | undefined;
  const read = async (followed: Repair['followed']): Promise<Fates> => {
    const ids = followed.map(({ messageId }) => messageId);
    return countFates(followed, await Promise.all(ids.map((id) => producer.status(id))));
  };
  return async ({ action, followed }: Repair): Promise<Fates | null> => {
    if (action === 'purge') return null;
    if (last?.of !== followed || monotonic() - last.at > FATES_MS) {
      last = { of: followed, at: monotonic(), fates: read(followed) };
    }
    return await last.fates;
  };
}

/** Why messages whose redrive was asked for may not move. */
async function standstillOf(views: AccountViews): Promise<Standstill> {
  const [isPaused, { workers }] = await Promise.all([views.areRedrivesPaused(), views.all()]);
  return { isPaused, isDeserted: workers === 0 };
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
  if (action === 'redrive') {
    const asked = count === 1 ? { did: action } : {};
    return `/message?${new URLSearchParams({ ...asked, q: messageId }).toString()}`;
  }
  const query = queryOf(filter);
  query.set('did', action);
  query.set('messageId', messageId);
  return `/dead-letters?${query.toString()}`;
}
