import { setTimeout as delay } from 'node:timers/promises';
import { readBooks } from './books.ts';
import { ordersOf } from './messages.ts';
import type { Measured, MeasureOptions } from './measured.ts';
import { enqueueAll } from './rejected-flight.ts';
import { openScene, SEND_PATHS } from './scene.ts';

const PROCESSES = 3;
/** Of the limit; among other tests what arrives is bunched by whatever else the machine does. */
const BOUNDS = { most: 1.1, least: 0.9 };
const SHORT_BOUNDS = { most: 1.5, least: 0.6 };

interface Observed {
  readonly limit: number;
  readonly seconds: number;
  /** The most in any sliding second, by WeChat's books. */
  readonly peak: number;
  readonly perSecond: number;
}

/** Three processes with a backlog: how close to the lane's limit they send. */
export async function rate({ short, say }: MeasureOptions): Promise<Measured> {
  const limits = short ? [200] : [200, 1000];
  const { most, least } = short ? SHORT_BOUNDS : BOUNDS;
  const observed: Observed[] = [];
  for (const limit of limits) {
    observed.push(await observe(limit, short ? 8 : 30));
    say(describe(observed.at(-1)));
  }
  return {
    name: 'rate',
    promise: 'P16',
    target: `any second ≤ ${most} × limit, average with a backlog ≥ ${least} ×`,
    measured: observed.map(describe).join('; '),
    held: observed.every(
      ({ limit, peak, perSecond }) => peak <= limit * most && perSecond >= limit * least,
    ),
    details: { processes: PROCESSES, observed },
  };
}

async function observe(limit: number, seconds: number): Promise<Observed> {
  const scene = await openScene({ perSecond: limit, latency: '60:400' });
  try {
    const [appId = ''] = scene.appIds;
    await enqueueAll(scene, ordersOf(appId, 0, Math.ceil(limit * (seconds + 4) * 1.2)));
    await scene.fleet({ size: PROCESSES });
    // The first seconds are those in which processes start.
    await delay(2000);
    await scene.takings.refresh();
    const from = Date.now();
    await delay(seconds * 1000);
    const until = Date.now();
    await scene.takings.refresh();
    const within = scene.takings.times().filter((at) => at >= from && at < until);
    const left = await scene.lane(appId, 'template').getWaitingCount();
    if (left === 0) throw new Error('Expected a backlog to the end, got an empty lane');
    const books = await readBooks(scene.wechat);
    return {
      limit,
      seconds,
      peak: books.peakPerSecond.taken[`${appId} ${SEND_PATHS.template}`] ?? 0,
      perSecond: Math.round((within.length / (until - from)) * 1000),
    };
  } finally {
    await scene.close();
  }
}

function describe(one: Observed | undefined): string {
  if (!one) return '';
  const { limit, peak, perSecond } = one;
  return `limit ${limit}/s: peak ${(peak / limit).toFixed(3)} ×, average ${(perSecond / limit).toFixed(3)} ×`;
}
