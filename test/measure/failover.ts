import { setTimeout as delay } from 'node:timers/promises';
import { between, seededRandom } from '../chaos/random.ts';
import { waitFor } from '../helpers/wait-for.ts';
import { messageIdsOf, startLoad } from './load.ts';
import type { Measured, MeasureOptions } from './measured.ts';
import { median, most } from './percentile.ts';
import { reckon } from './reckoning.ts';
import { openScene } from './scene.ts';
import { startSentinelGroup } from './sentinels.ts';
import { untilBack } from './throughput.ts';

const PROCESSES = 2;
const PER_SECOND = 100;
const LIMIT_MS = 15_000;

/**
 * The primary is killed or frozen, Sentinel promotes the replica, the old primary comes back.
 * Replication is asynchronous: what only the old primary knew is lost, and is reported.
 */
export async function failover({ short, seed, say }: MeasureOptions): Promise<Measured> {
  const failovers = short ? 2 : 20;
  const random = seededRandom(seed);
  const group = await startSentinelGroup();
  const scene = await openScene({ redis: group, latency: '60:400' });
  try {
    const fleet = await scene.fleet({ size: PROCESSES });
    const load = startLoad({ ...scene, perSecond: PER_SECOND, customEvery: 0 });
    await delay(3000);
    const strikes: number[] = [];
    for (let number = 0; number < failovers; number += 1) {
      const old = await group.primary();
      await group.strike(old, number % 2 === 0 ? 'SIGKILL' : 'SIGSTOP');
      strikes.push(Date.now());
      await waitFor(async () => (await group.primary()) !== old, {
        timeoutMs: 60_000,
        intervalMs: 100,
        what: 'Sentinel to promote the replica',
      });
      await delay(between(random, 1000, 4000));
      await group.rejoin(old);
      await delay(between(random, 8000, 12_000));
      say(`${number + 1} of ${failovers} failovers`);
    }
    await load.stop();
    const reckoning = await reckon(scene, messageIdsOf(load));
    const back = untilBack(scene.takings.times(), strikes, PER_SECOND);
    const { acknowledged, doubled, lost, unknown, dead } = reckoning;
    return {
      name: 'failover',
      promise: 'P10',
      target: `${failovers} failovers: 0 templates doubled, back ≤ ${LIMIT_MS} ms; lost: reported`,
      measured:
        `${doubled} of ${acknowledged} doubled, back after ${most(back)} ms at most; ` +
        `lost ${lost}, unknown or dead ${unknown + dead}`,
      held:
        doubled === 0 &&
        load.refused.length + fleet.counts.crashes.length === 0 &&
        most(back) <= LIMIT_MS,
      details: {
        failovers,
        reckoning,
        doubts: load.doubts,
        refused: load.refused,
        crashes: fleet.counts.crashes,
        backMs: { p50: median(back), p100: most(back), all: back },
      },
    };
  } finally {
    await scene.close();
  }
}
