import { z } from 'zod';
import type { Random } from './random.ts';

/**
 * How long an answer takes: a fixed number of milliseconds, or a log-normal distribution given
 * by its median and 99th percentile, with a rare very slow answer on top.
 */
export const latencySchema = z.union([
  z.number().min(0).max(600_000),
  z.strictObject({
    medianMs: z.number().positive().max(600_000),
    p99Ms: z.number().positive().max(600_000),
    slowRate: z.number().min(0).max(1).default(0),
    slowMs: z.tuple([z.number().min(0), z.number().min(0)]).default([5_000, 10_000]),
  }),
]);
export type Latency = z.infer<typeof latencySchema>;

/** No percentiles are published; this is a cautious guess from published examples. */
export const REALISTIC_LATENCY: Latency = {
  medianMs: 60,
  p99Ms: 800,
  slowRate: 0.001,
  slowMs: [5_000, 10_000],
};

/** The distance of the 99th percentile from the median of a normal distribution. */
const Z99 = 2.326;

/** Milliseconds for one answer. */
export function drawLatency(latency: Latency, random: Random): number {
  if (typeof latency === 'number') return latency;
  const [slowest, longest] = latency.slowMs;
  if (latency.slowRate > 0 && random() < latency.slowRate) {
    return slowest + random() * (longest - slowest);
  }
  const sigma = Math.log(latency.p99Ms / latency.medianMs) / Z99;
  return latency.medianMs * Math.exp(sigma * standardNormal(random));
}

/** Box–Muller; `1 - random()` keeps the logarithm away from zero. */
function standardNormal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/**
 * Reads the short form used on a command line: `40` (milliseconds), `realistic`, or
 * `60:800` (median and 99th percentile).
 *
 * @returns undefined when the text is none of these
 */
export function parseLatency(text: string): Latency | undefined {
  if (text === 'realistic') return REALISTIC_LATENCY;
  const [median, p99] = text.split(':');
  if (text.trim() === '' || text.split(':').length > 2) return undefined;
  const input = p99 === undefined ? Number(text) : { medianMs: Number(median), p99Ms: Number(p99) };
  const parsed = latencySchema.safeParse(input);
  return parsed.success ? parsed.data : undefined;
}
