import { setTimeout as delay } from 'node:timers/promises';
import { openDeadLetters } from '../../src/shared/dead-letter.ts';
import { type Kind, KINDS } from '../../src/shared/outcome.ts';
import { waitFor } from '../helpers/wait-for.ts';
import { armFault } from './books.ts';
import { type Order, orderOf, ordersOf } from './messages.ts';
import { enqueueAll } from './rejected-flight.ts';
import { type Scene, SEND_PATHS } from './scene.ts';

/** How many of what, all in all. */
export interface CrowdSize {
  readonly accounts: number;
  readonly waiting: number;
  readonly dead: number;
}

/** Messages of every fate, for who looks for them. */
export interface Crowd {
  readonly sent: Order;
  /** One of the first that died, all of them with a code that no later one has. */
  readonly oldest: Order;
  readonly oldestErrcode: number;
  /** One of the last that died. */
  readonly latest: Order;
  readonly latestErrcode: number;
  readonly waiting: Order;
  readonly counts: { readonly waiting: number; readonly dead: number };
}

type Say = (line: string) => void;

/** With these WeChat refuses for good; the account's number chooses. */
const ERRCODES = [43004, 40037, 47003, 40003];
const OLDEST = { errcode: 43019, count: 20 };
const PROCESSES = 2;
/** Messages of one account that are enqueued in a row. */
const ROW = 500;
const DYING_MS = 15 * 60_000;
const MOST_TRIES = 20;
const RETRY_MS = 1000;
const DAY_MS = 24 * 3_600_000;
/** Numbers that no other order has. */
const MIXED_FROM = 90_000_000;

/**
 * Fills a scene the way it fills in life: producers enqueue, workers send, WeChat refuses, and
 * dead letters are what workers make of that. Then the workers stop, and messages keep coming:
 * half of them into one lane, as when one account is stuck, and at last of every sort into each.
 */
export async function gather(scene: Scene, size: CrowdSize, say: Say): Promise<Crowd> {
  const [first = '', ...others] = scene.appIds;
  const fleet = await scene.fleet({
    size: PROCESSES,
    env: { COURIER_CONCURRENCY: '200', COURIER_ALLOW_VOLATILE_REDIS: '1' },
  });
  const sent = orderOf(first, 0);
  await enqueueAll(scene, [sent]);
  await waitFor(async () => (await scene.wechat.judge()).template.accepted === 1, {
    timeoutMs: 20_000,
    what: 'the first message to be sent',
  });

  await refuse(scene, first, OLDEST.errcode);
  await enqueueAll(scene, ordersOf(first, 1, OLDEST.count));
  await untilDead(scene, OLDEST.count, say);
  await Promise.all(others.map((appId, index) => refuse(scene, appId, ERRCODES[index % 4] ?? 0)));
  const each = Math.ceil((size.dead - OLDEST.count) / others.length);
  const dead = OLDEST.count + each * others.length;
  await Promise.all([
    enqueueRows(scene, others, { from: 0, count: each }, () => undefined),
    untilDead(scene, dead, say),
  ]);
  await fleet.stop();

  const stuck = Math.ceil(size.waiting / 2);
  await enqueueRows(scene, [first], { from: OLDEST.count + 1, count: stuck }, (done) =>
    say(`${done} of ${size.waiting} waiting`),
  );
  const rest = Math.ceil((size.waiting - stuck) / others.length / 2);
  for (const [index, kind] of (['template', 'custom'] as const).entries()) {
    const before = stuck + index * rest * others.length;
    await enqueueRows(scene, others, { from: each, count: rest, kind }, (done) =>
      say(`${before + done} of ${size.waiting} waiting`),
    );
  }
  const mixed = scene.appIds.flatMap((appId) => KINDS.flatMap((kind) => oneOfEach(appId, kind)));
  await enqueueRow(scene, mixed);
  const last = others.at(-1) ?? first;
  return {
    sent,
    oldest: orderOf(first, 1),
    oldestErrcode: OLDEST.errcode,
    latest: orderOf(last, each - 1),
    latestErrcode: ERRCODES[(others.length - 1) % 4] ?? 0,
    waiting: orderOf(last, each + rest - 1),
    counts: { waiting: stuck + 2 * rest * others.length + mixed.length, dead },
  };
}

/** In each list that a lane has one, and at its head one that is not the oldest: the most there is to read. */
function oneOfEach(appId: string, kind: Kind): Order[] {
  const places = [{ priority: 'high' }, { priority: 'low' }, { sendAt: Date.now() + DAY_MS }];
  return ordersOf(appId, MIXED_FROM, places.length, kind).map(({ openid, envelope }, index) => ({
    openid,
    envelope: { ...envelope, ...places[index] } as Order['envelope'],
  }));
}

/** From now on WeChat refuses every template message of this account. */
async function refuse(scene: Scene, appId: string, errcode: number): Promise<void> {
  const reply = { kind: 'errcode', errcode };
  await armFault(scene.wechat, { appId, path: SEND_PATHS.template, reply, accept: false });
}

interface Rows {
  readonly from: number;
  /** Of each account. */
  readonly count: number;
  readonly kind?: Kind;
}

/** Account by account in rows, around and around, so that all of them grow at the same time. */
async function enqueueRows(
  scene: Scene,
  appIds: readonly string[],
  { from, count, kind }: Rows,
  onDone: (done: number) => void,
): Promise<void> {
  let said = performance.now();
  for (let start = 0; start < count; start += ROW) {
    const size = Math.min(ROW, count - start);
    for (const [index, appId] of appIds.entries()) {
      await enqueueRow(scene, ordersOf(appId, from + start, size, kind));
      if (performance.now() - said < 10_000) continue;
      said = performance.now();
      onDone(start * appIds.length + size * (index + 1));
    }
  }
}

/** As a caller does: a row that was refused because Redis is busy is tried again, with its ids. */
async function enqueueRow(scene: Scene, orders: readonly Order[]): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await enqueueAll(scene, orders);
      return;
    } catch (error) {
      if (tries === MOST_TRIES) throw error;
      await delay(RETRY_MS);
    }
  }
}

async function untilDead(scene: Scene, count: number, say: Say): Promise<void> {
  const letters = openDeadLetters(scene.admin, () => undefined);
  let said = performance.now();
  try {
    await waitFor(
      async () => {
        const dead = await letters.getFailedCount();
        if (performance.now() - said > 10_000) {
          said = performance.now();
          say(`${dead} of ${count} dead`);
        }
        return dead === count;
      },
      { timeoutMs: DYING_MS, intervalMs: 200, what: `${count} dead letters` },
    );
  } finally {
    await letters.close();
  }
}
