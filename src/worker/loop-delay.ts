import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Gauge, type Registry } from 'prom-client';
import type { Service } from '../shared/lifecycle.ts';
import type { Logger } from '../shared/logger.ts';
import { every } from './every.ts';

const INTERVAL_MS = 10_000;
/** Locks are renewed every 7.5 s: a process that is held up this long comes near to losing them. */
const ALARM_MS = 1000;
const NS_PER_MS = 1e6;

/**
 * Watches how long this process' event loop is held up. A stalled loop renews no lock, so that
 * its messages are run again elsewhere while it still believes to have them.
 */
export function createLoopDelay(registry: Registry, logger: Logger): Service {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  const gauge = new Gauge({
    name: 'courier_event_loop_delay_seconds',
    help: 'How long the event loop was held up, of the last 10 to 20 seconds',
    labelNames: ['quantile'],
    registers: [registry],
  });
  const chore = every('loop-delay', INTERVAL_MS, logger, () => {
    gauge.set({ quantile: '0.5' }, delay.percentile(50) / NS_PER_MS / 1000);
    gauge.set({ quantile: '0.999' }, delay.percentile(99.9) / NS_PER_MS / 1000);
    gauge.set({ quantile: '1' }, delay.max / NS_PER_MS / 1000);
    const longestMs = Math.round(delay.max / NS_PER_MS);
    if (longestMs > ALARM_MS) {
      logger.warn(
        { code: 'event-loop-held-up', longestMs },
        `The process was held up for ${longestMs} ms: give it more processor time, or it loses ` +
          'its locks and messages are run twice',
      );
    }
    delay.reset();
    return Promise.resolve();
  });
  return {
    name: 'loop-delay',
    async start() {
      delay.enable();
      await chore.start();
    },
    async stop() {
      delay.disable();
      await chore.stop();
    },
  };
}
