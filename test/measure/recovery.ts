import { setTimeout as delay } from 'node:timers/promises';
import { accountKeys } from '../../src/shared/keys.ts';
import { parseMessageId } from '../../src/shared/message/message-id.ts';
import { TIMINGS } from '../../src/shared/timings.ts';
import type { Fleet } from '../chaos/fleet.ts';
import { between, type Random, seededRandom } from '../chaos/random.ts';
import { waitFor } from '../helpers/wait-for.ts';
import { armFault, metBy } from './books.ts';
import { ordersOf } from './messages.ts';
import type { Measured, MeasureOptions } from './measured.ts';
import { median, most } from './percentile.ts';
import { enqueueAll } from './rejected-flight.ts';
import { openScene, type Scene, SEND_PATHS } from './scene.ts';

const LIMIT_MS = TIMINGS.lockDurationMs + 2 * TIMINGS.stalledIntervalMs;
const ACCOUNTS = 6;
const PROCESSES = 2;
/** Messages in flight at a kill, over both processes. */
const IN_FLIGHT = 6;
/** WeChat lets them hang; the client gives up after 5 s, and by then the kill has happened. */
const KILL_WITHIN_MS = 3000;

/** Workers die with messages in flight: how soon others decide about those. */
export async function recovery({ short, seed, say }: MeasureOptions): Promise<Measured> {
  const rounds = short ? 1 : 8;
  const random = seededRandom(seed);
  const scene = await openScene({ accounts: ACCOUNTS });
  try {
    const fleets: Fleet[] = [];
    for (const appId of scene.appIds) {
      fleets.push(await scene.fleet({ size: PROCESSES, appIds: [appId] }));
    }
    const samples: number[] = [];
    let kills = 0;
    let missing = 0;
    for (let round = 0; round < rounds; round += 1) {
      const killed = await Promise.all(
        scene.appIds.map((appId, number) => {
          const fleet = fleets[number];
          if (!fleet) throw new Error('Expected a fleet for each account');
          return killOne(scene, appId, fleet, round, random);
        }),
      );
      kills += killed.length;
      await untilTaken(
        scene,
        killed.flatMap(({ openids }) => openids),
      );
      for (const { openids, at } of killed) {
        const times = openids.flatMap((openid) => scene.takings.at(openid) ?? []);
        missing += openids.length - times.length;
        samples.push(...times.map((taken) => taken - at));
      }
      say(`${kills} kills, ${samples.length} messages, longest ${most(samples)} ms`);
    }
    const longest = most(samples);
    return {
      name: 'recovery',
      promise: 'P7',
      target: `messages of a killed worker sent ≤ ${LIMIT_MS} ms after the kill`,
      measured: `${samples.length} messages of ${kills} kills: longest ${longest} ms, ${missing} missing`,
      held: missing === 0 && samples.length > 0 && longest <= LIMIT_MS,
      details: {
        kills,
        messages: samples.length,
        missing,
        ms: { p50: median(samples), p100: longest },
        samples,
      },
    };
  } finally {
    await scene.close();
  }
}

interface Killed {
  readonly at: number;
  /** Recipients of what it had in flight. */
  readonly openids: readonly string[];
}

/** Kills a worker of this account while WeChat keeps it waiting, not having taken anything. */
async function killOne(
  scene: Scene,
  appId: string,
  fleet: Fleet,
  round: number,
  random: Random,
): Promise<Killed> {
  const pauseMs = between(random, 0, KILL_WITHIN_MS);
  await waitFor(() => fleet.working().length === PROCESSES, { timeoutMs: 30_000 });
  const fault = await armFault(scene.wechat, {
    path: SEND_PATHS.template,
    appId,
    accept: false,
    reply: { kind: 'hang' },
    count: IN_FLIGHT,
  });
  const orders = ordersOf(appId, round * IN_FLIGHT, IN_FLIGHT);
  const messageIds = await enqueueAll(scene, orders);
  await waitFor(async () => (await metBy(scene.wechat, fault)) === IN_FLIGHT, {
    timeoutMs: 20_000,
    what: `${IN_FLIGHT} messages of ${appId} to be in flight`,
  });
  await delay(pauseMs);
  const holders = await Promise.all(
    messageIds.map(async (id) => {
      const ledgerKey = accountKeys(appId).ledger(parseMessageId(id)?.key ?? '');
      return (await scene.admin.hget(ledgerKey, 'own')) ?? '';
    }),
  );
  const held = fleet.working().map((number) => {
    const pid = String(fleet.pid(number));
    return { number, holds: holders.map((holder) => holder.split(':').includes(pid)) };
  });
  const [victim] = held.toSorted((left, right) => count(right.holds) - count(left.holds));
  if (!victim || count(victim.holds) === 0) {
    throw new Error(`Expected a worker of ${appId} with messages, got ${holders.join(' ')}`);
  }
  const at = Date.now();
  await fleet.kill(victim.number);
  return { at, openids: orders.filter((_, index) => victim.holds[index]).map((one) => one.openid) };
}

function count(flags: readonly boolean[]): number {
  return flags.filter(Boolean).length;
}

/** Gives up well past the limit: what is missing then is counted. */
async function untilTaken(scene: Scene, openids: readonly string[]): Promise<void> {
  await waitFor(
    async () => {
      await scene.takings.refresh();
      return openids.every((openid) => scene.takings.shown(openid) > 0);
    },
    { timeoutMs: 3 * LIMIT_MS, intervalMs: 250 },
  ).catch(() => undefined);
}
