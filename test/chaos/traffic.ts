import { setTimeout as delay } from 'node:timers/promises';
import type { Producer } from '../../src/producer/index.ts';
import type { Manifest } from './manifest.ts';

export interface TrafficOptions {
  readonly producer: Producer;
  readonly manifest: Manifest;
  /** Over how long the messages are spread. */
  readonly seconds: number;
  /** How many were acknowledged so far. */
  readonly onProgress?: (acknowledged: number) => void;
}

/** How often somebody has something to send. */
const TICK_MS = 100;
const LARGEST_CALL = 200;
/** Longer than any disturbance; a Redis that is away for good must end the run. */
const PATIENCE_MS = 120_000;

/**
 * Hands over all messages of a manifest, evenly over the time. What was in doubt is repeated
 * with the same id until it is acknowledged; an outage is caught up afterwards.
 *
 * @throws Error if nothing was acknowledged for two minutes
 */
export async function sendTraffic(options: TrafficOptions): Promise<void> {
  const { producer, manifest, seconds } = options;
  const started = performance.now();
  let next = 0;
  let doubtful: number[] = [];
  let lastGood = started;
  while (next < manifest.total || doubtful.length > 0) {
    const share = (performance.now() - started) / (seconds * 1000);
    const due = Math.min(manifest.total, Math.ceil(manifest.total * share));
    const again = doubtful.slice(0, LARGEST_CALL);
    const fresh = range(next, Math.min(due, next + LARGEST_CALL - again.length));
    const call = [...again, ...fresh];
    next += fresh.length;
    const still = call.length === 0 ? [] : await handOver(producer, manifest, call);
    doubtful = [...doubtful.slice(again.length), ...still];
    if (still.length < call.length || call.length === 0) lastGood = performance.now();
    if (performance.now() - lastGood > PATIENCE_MS) {
      throw new Error(`Expected Redis to take messages, got none taken in ${PATIENCE_MS} ms`);
    }
    options.onProgress?.(manifest.counts.acknowledged);
    if (next >= due || still.length > 0) await delay(TICK_MS);
  }
}

/** One call of the producer. Returns those of which nobody knows whether they were taken. */
async function handOver(
  producer: Producer,
  manifest: Manifest,
  indexes: readonly number[],
): Promise<number[]> {
  const results = await producer.enqueueMany(indexes.map((index) => manifest.envelope(index)));
  const at = Date.now();
  return indexes.filter((index, position) => {
    const result = results[position];
    if (!result) throw new Error('enqueueMany: expected a result for each envelope');
    if (result.status !== 'rejected') manifest.acknowledge(index, result.messageId, at);
    else if (result.code === 'ERR_QUEUE_UNAVAILABLE') manifest.doubt(index);
    else manifest.reject(index, result.code);
    return result.status === 'rejected' && result.code === 'ERR_QUEUE_UNAVAILABLE';
  });
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
}
