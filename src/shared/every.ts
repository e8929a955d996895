import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from './errors.ts';
import type { Service } from './lifecycle.ts';
import type { Logger } from './logger.ts';

/** How long `stop` waits for a chore: it may hang on a Redis that is away. */
const PATIENCE_MS = 2000;

/**
 * A chore that is done at the start and then again and again, never twice at once. A failure is logged and the chore
 * goes on; `stop` waits for the one that is under way, though not for ever: chores are
 * idempotent, and whatever one leaves undone the next process does.
 */
export function every(
  name: string,
  intervalMs: number,
  logger: Logger,
  chore: () => Promise<void>,
): Service {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    try {
      await chore();
    } catch (error) {
      logger.warn({ chore: name, detail: messageOf(error) }, 'chore failed');
    }
  }
  function tick(): void {
    running ??= run().finally(() => {
      running = undefined;
    });
  }

  return {
    name,
    start() {
      if (timer) return Promise.resolve();
      timer = setInterval(tick, intervalMs);
      tick();
      return Promise.resolve();
    },
    async stop() {
      clearInterval(timer);
      timer = undefined;
      if (running) await Promise.race([running, delay(PATIENCE_MS)]);
    },
  };
}
