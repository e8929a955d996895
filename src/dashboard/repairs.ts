import { setTimeout as delay } from 'node:timers/promises';
import type { DeadLetter, DeadLetterFilter, DeadLetters } from '../producer/index.ts';
import { isDoubtful } from '../shared/dead-letter.ts';
import { isCourierError, messageOf } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import { maskOpenids } from '../shared/openid.ts';

export const REPAIR_ACTIONS = ['redrive', 'purge'] as const;
export type RepairAction = (typeof REPAIR_ACTIONS)[number];

/** All dead letters of a filter being redriven or purged, and how far that is. */
export interface Repair {
  readonly id: string;
  readonly action: RepairAction;
  readonly filter: DeadLetterFilter;
  /** The name of who asked. */
  readonly user: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly state: 'running' | 'finished' | 'stopped' | 'failed';
  /** Letters there were at the start, whether they match or not. */
  readonly total: number;
  readonly looked: number;
  readonly done: number;
  /** The first of these, to see what became of them; at most {@link MOST_FOLLOWED}. */
  readonly followed: readonly Followed[];
  /** They match, but somebody else was faster or they are on their way already. */
  readonly left: number;
  /** They match, but are sent again only if that is what the filter asks for. */
  readonly doubtful: number;
  /** Why it failed. */
  readonly problem?: string;
}

/** A message whose redrive was asked for, when it had been put back so many times. */
export interface Followed {
  readonly messageId: string;
  readonly redrives: number;
}

/** The repairs of this process. A process that ends leaves the rest of one as it was. */
export interface Repairs {
  /** Null while another one is running: two would only get into each other's way. */
  start(action: RepairAction, filter: DeadLetterFilter, user: string): Promise<Repair | null>;
  find(id: string): Repair | null;
  /** The latest first. */
  latest(): readonly Repair[];
  /** Ends it after the letters in hand. */
  stop(id: string): void;
  close(): Promise<void>;
}

export interface RepairDeps {
  readonly deadLetters: Pick<DeadLetters, 'page' | 'redrive' | 'purge'>;
  readonly countDeadLetters: () => Promise<number>;
  readonly now: () => number;
  readonly newId: () => string;
  readonly logger: Logger;
}

/** So many at once, so that Redis stays responsive. */
const CHUNK = 100;
const MOST_KEPT = 20;
const MOST_FOLLOWED = 200;
/** A Redis that is away comes back: rather wait for it than end half-way. */
const MOST_TRIES = 10;
const PAUSE_MS = 1000;

export function createRepairs(deps: RepairDeps): Repairs {
  const { deadLetters, countDeadLetters, now, newId, logger } = deps;
  const repairs = new Map<string, Repair>();
  const stopping = new Set<string>();
  let isBusy = false;
  let running: Promise<void> | undefined;

  function change(repair: Repair, news: Partial<Repair>): Repair {
    const next = { ...repair, ...news };
    repairs.set(next.id, next);
    return next;
  }

  /** Newest first; what dies again meanwhile comes before the cursor and is not met. */
  async function work(started: Repair): Promise<Repair> {
    const { action, filter } = started;
    let repair = started;
    let cursor: string | undefined;
    const patiently = <Result>(call: () => Promise<Result>) =>
      untilRedisIsBack(call, () => stopping.has(started.id));
    do {
      const from = cursor === undefined ? {} : { cursor };
      const page = await patiently(() => deadLetters.page({ ...filter, ...from, limit: CHUNK }));
      const chosen = page.letters.filter((letter) => isChosen(started, letter));
      const fates = await Promise.all(
        chosen.map(({ messageId }) =>
          patiently(() => deadLetters[action](messageId, filter.until)),
        ),
      );
      const changed = chosen.filter((_, place) => fates[place]);
      const done = changed.length;
      repair = change(repair, {
        looked: repair.looked + page.looked,
        done: repair.done + done,
        followed: followedOf(repair, changed),
        left: repair.left + fates.length - done,
        doubtful: repair.doubtful + page.letters.length - chosen.length,
      });
      cursor = page.cursor;
      if (stopping.has(repair.id)) return change(repair, { state: 'stopped' });
    } while (cursor !== undefined);
    return change(repair, { state: 'finished' });
  }

  async function run(started: Repair): Promise<void> {
    const ended = await work(started).catch((error: unknown) => {
      const reached = repairs.get(started.id) ?? started;
      return change(reached, { state: 'failed', problem: messageOf(error) });
    });
    const { user, action, filter, state, done, left, doubtful } = change(ended, {
      endedAt: now(),
    });
    logger.info(
      { audit: true, user, action, ...logged(filter), state, done, left, doubtful },
      'repair ended',
    );
    isBusy = false;
  }

  return {
    async start(action, filter, user) {
      const total = await countDeadLetters();
      if (isBusy) return null;
      isBusy = true;
      const id = newId();
      const startedAt = now();
      const counts = { total, looked: 0, done: 0, left: 0, doubtful: 0, followed: [] };
      const begun = { id, action, filter, user, startedAt, state: 'running', ...counts } as const;
      repairs.set(id, begun);
      for (const old of [...repairs.keys()].slice(0, -MOST_KEPT)) repairs.delete(old);
      logger.info({ audit: true, user, action, ...logged(filter) }, 'repair begun');
      running = run(begun);
      return begun;
    },
    find: (id) => repairs.get(id) ?? null,
    latest: () => [...repairs.values()].toReversed(),
    stop(id) {
      if (repairs.get(id)?.state === 'running') stopping.add(id);
    },
    async close() {
      for (const id of repairs.keys()) stopping.add(id);
      await running;
    },
  };
}

/** What a customer may have, or what kills its sender, is sent again only if that is asked for. */
function isChosen({ action, filter }: Repair, letter: DeadLetter): boolean {
  return action === 'purge' || filter.reason !== undefined || !isDoubtful(letter);
}

/** Each call may be repeated: what was done already is not done again. */
async function untilRedisIsBack<Result>(
  call: () => Promise<Result>,
  isStopping: () => boolean,
): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      const isAway = isCourierError(error) && error.code === 'ERR_QUEUE_UNAVAILABLE';
      if (!isAway || attempt === MOST_TRIES || isStopping()) throw error;
      await delay(PAUSE_MS);
    }
  }
}

function followedOf({ followed }: Repair, changed: readonly DeadLetter[]): readonly Followed[] {
  if (followed.length === MOST_FOLLOWED) return followed;
  const more = changed.map(({ messageId, redrives }) => ({ messageId, redrives }));
  return [...followed, ...more].slice(0, MOST_FOLLOWED);
}

/** Somebody may have typed an openid where a template belongs. */
function logged(filter: DeadLetterFilter): DeadLetterFilter {
  const { appId, templateId } = filter;
  return {
    ...filter,
    ...(appId !== undefined && { appId: maskOpenids(appId) }),
    ...(templateId !== undefined && { templateId: maskOpenids(templateId) }),
  };
}
