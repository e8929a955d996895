import { createHistogram } from 'node:perf_hooks';
import { Gauge, type Registry } from 'prom-client';
import { every } from './every.ts';
import type { Service } from './lifecycle.ts';
import type { Logger } from './logger.ts';

const INTERVAL_MS = 10_000;
const TICK_MS = 20;
const ALARM_MS = 1000;
const US_PER_MS = 1000;
const US_PER_SECOND = 1_000_000;

export interface LoopDelayDeps {
  readonly registry: Registry;
  readonly logger: Logger;
  readonly monotonic: () => number;
  /** How often the gauge is set, and `onHeldUp` may be called. Default 10 s. */
  readonly intervalMs?: number;
  /** Told of the longest stall of a window if that was above a second. */
  readonly onHeldUp?: (longestMs: number) => void;
}

/**
 * Watches how long this process' event loop is held up. Not with `monitorEventLoopDelay`: its
 * `reset` forgets the tick before, so that a stall is lost if our look at it is due before its own
 * timer. Here the look itself is a tick, and ticks are reckoned from one to the next.
 */
export function createLoopDelay(deps: LoopDelayDeps): Service {
  const { registry, logger, monotonic, onHeldUp } = deps;
  const microseconds = createHistogram();
  let timer: NodeJS.Timeout | undefined;
  let ticked = monotonic();
  const gauge = new Gauge({
    name: 'courier_event_loop_delay_seconds',
    help: 'How long the event loop was held up, of the last 10 to 20 seconds',
    labelNames: ['quantile'],
    registers: [registry],
  });

  function tick(): void {
    const lateMs = monotonic() - ticked - TICK_MS;
    ticked = monotonic();
    // The histogram takes whole numbers from 1 on.
    microseconds.record(Math.max(1, Math.round(lateMs * US_PER_MS)));
  }

  const chore = every('loop-delay', deps.intervalMs ?? INTERVAL_MS, logger, () => {
    tick();
    gauge.set({ quantile: '0.5' }, microseconds.percentile(50) / US_PER_SECOND);
    gauge.set({ quantile: '0.999' }, microseconds.percentile(99.9) / US_PER_SECOND);
    gauge.set({ quantile: '1' }, microseconds.max / US_PER_SECOND);
    const longestMs = Math.round(microseconds.max / US_PER_MS);
    microseconds.reset();
    if (longestMs > ALARM_MS) onHeldUp?.(longestMs);
    return Promise.resolve();
  });

  return {
    name: 'loop-delay',
    async start() {
      ticked = monotonic();
      timer ??= setInterval(tick, TICK_MS).unref();
      await chore.start();
    },
    async stop() {
      clearInterval(timer);
      timer = undefined;
      await chore.stop();
    },
  };
}
