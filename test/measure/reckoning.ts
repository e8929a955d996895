import { setTimeout as delay } from 'node:timers/promises';
import type { MessageStatus } from '../../src/producer/index.ts';
import type { LaneQueue } from '../../src/shared/lane.ts';
import { lanesOf, type Scene } from './scene.ts';

/** What was acknowledged, by recipient: the message's id. */
export type Acknowledged = ReadonlyMap<string, string>;

/** Acknowledged messages, and what became of them at WeChat. */
export interface Reckoning {
  readonly acknowledged: number;
  readonly shown: number;
  /** Sendings beyond the first that a recipient sees. */
  readonly doubled: number;
  /** So our own books say, whether WeChat took it or not. */
  readonly unknown: number;
  readonly dead: number;
  /** Neither at WeChat nor unknown or dead. */
  readonly lost: number;
  /** The first of those that are not as they should be, with what our books say of them. */
  readonly odd: readonly OddMessage[];
}

export type OddMessage = Readonly<MessageStatus> & { readonly shown: number };

const ODD = 20;
const AT_ONCE = 200;

export interface ReckoningOptions {
  /** How long the lanes may take to become empty. Default 90,000: more than any recovery. */
  readonly timeoutMs?: number;
}

/** Waits until no lane has work left, then asks WeChat for each acknowledged message. */
export async function reckon(
  scene: Scene,
  acknowledged: Acknowledged,
  options: ReckoningOptions = {},
): Promise<Reckoning> {
  await untilIdle(lanesOf(scene), options.timeoutMs ?? 90_000);
  await scene.takings.refresh();
  const counts = { shown: 0, doubled: 0, unknown: 0, dead: 0, lost: 0 };
  const odd: OddMessage[] = [];
  const all = [...acknowledged];
  for (let start = 0; start < all.length; start += AT_ONCE) {
    const part = all.slice(start, start + AT_ONCE);
    const statuses = await Promise.all(part.map(([, id]) => scene.producer.status(id)));
    part.forEach(([openid], index) => {
      const times = scene.takings.shown(openid);
      const status = statuses[index];
      const state = status?.state;
      counts.doubled += Math.max(0, times - 1);
      if (times > 0) counts.shown += 1;
      if (state === 'unknown' || state === 'dead') counts[state] += 1;
      else if (times === 0) counts.lost += 1;
      const good = times === 1 && state !== 'unknown' && state !== 'dead';
      if (status && !good && odd.length < ODD) odd.push({ ...status, shown: times });
    });
  }
  return { acknowledged: acknowledged.size, ...counts, odd };
}

/** Returns at the deadline too: what is left then is for the judge to find. */
export async function untilIdle(lanes: readonly LaneQueue[], timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline) {
    const counts = await Promise.all(
      lanes.map((lane) => lane.getJobCountByTypes('wait', 'active', 'delayed', 'prioritized')),
    );
    if (counts.every((count) => count === 0)) return;
    await delay(200);
  }
}
