import { setTimeout as delay } from 'node:timers/promises';
import { between, seededRandom } from '../chaos/random.ts';
import { messageIdsOf, startLoad } from './load.ts';
import { type Measured, type MeasureOptions, timeLimit } from './measured.ts';
import { median, most } from './percentile.ts';
import { reckon } from './reckoning.ts';
import { openScene, startedRedis } from './scene.ts';
import { untilBack } from './throughput.ts';

const PROCESSES = 2;
const PER_SECOND = 150;
const LIMIT_MS = 5000;

/** Redis is killed and started again, under enqueue and send load. */
export async function redisKills({ short, seed, say }: MeasureOptions): Promise<Measured> {
  const cycles = short ? 4 : 50;
  const random = seededRandom(seed);
  const limitMs = timeLimit({ short }, LIMIT_MS);
  const redis = await startedRedis(short ? 'no' : 'always');
  const scene = await openScene({ redis, latency: '60:400' });
  try {
    const fleet = await scene.fleet({ size: PROCESSES });
    const load = startLoad({ ...scene, perSecond: PER_SECOND });
    await delay(2000);
    const starts: number[] = [];
    for (let cycle = 0; cycle < cycles; cycle += 1) {
      await redis.end('SIGKILL');
      await delay(between(random, 100, 1500));
      await redis.start();
      starts.push(Date.now());
      await delay(between(random, 6000, 8000));
      if (cycle % 5 === 4) say(`${cycle + 1} of ${cycles} kills`);
    }
    await load.stop();
    const reckoning = await reckon(scene, messageIdsOf(load));
    const back = untilBack(scene.takings.times(), starts, PER_SECOND);
    const { doubled, lost, unknown, dead } = reckoning;
    return {
      name: 'redis-kills',
      promise: 'P8, P13',
      target: `${cycles} kills: 0 acknowledged lost, 0 doubled, back ≤ ${limitMs} ms`,
      measured:
        `${reckoning.acknowledged} acknowledged, ${lost} lost, ${doubled} doubled, ` +
        `${unknown + dead} unknown or dead, back after ${most(back)} ms at most`,
      held:
        lost + doubled + dead + unknown === 0 &&
        load.refused.length + fleet.counts.crashes.length === 0 &&
        most(back) <= limitMs,
      details: {
        cycles,
        reckoning,
        doubts: load.doubts,
        refused: load.refused,
        crashes: fleet.counts.crashes,
        backMs: { p50: median(back), p100: most(back) },
      },
    };
  } finally {
    await scene.close();
  }
}
