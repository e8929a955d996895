import { setTimeout as delay } from 'node:timers/promises';
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
  /** Not taken by WeChat, and our own books say `unknown` or `dead`. */
  readonly unknown: number;
  readonly dead: number;
  /** Neither at WeChat nor in an end state. */
  readonly lost: number;
}

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
  for (const [openid, messageId] of acknowledged) {
    const times = scene.takings.shown(openid);
    counts.doubled += Math.max(0, times - 1);
    if (times > 0) {
      counts.shown += 1;
      continue;
    }
    const state = (await scene.producer.status(messageId))?.state;
    if (state === 'unknown') counts.unknown += 1;
    else if (state === 'dead') counts.dead += 1;
    else counts.lost += 1;
  }
  return { acknowledged: acknowledged.size, ...counts };
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
