import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Service } from '../lifecycle.ts';
import type { Logger } from '../logger.ts';
import { createLoopDelay } from '../loop-delay.ts';
import { answersInTime } from '../redis-answers.ts';
import type { RedisClient } from '../redis.ts';
import { version } from '../version.ts';
import { createHttpMetrics, type HttpMetrics } from './http-metrics.ts';

/** What a role tells its process' metrics of itself. */
export interface MeasuredRole {
  readonly role: 'worker' | 'ingest' | 'dashboard' | 'outbox';
  readonly redis: RedisClient;
  /** Told of the longest stall of the event loop in 10 seconds, if that was above a second. */
  readonly onHeldUp?: (longestMs: number) => void;
}

/**
 * What every process says at `/metrics`, whatever its role: its build, its memory and processor
 * time, its event loop, and whether Redis answers. Roles add their own metrics to `registry`;
 * those that share a process share one of these.
 */
export interface ProcessMetrics {
  readonly registry: Registry;
  /** Watches the event loop while it runs; starting or stopping it twice is fine. */
  readonly loopDelay: Service;
  /** Requests of all HTTP servers of this process. */
  http(): HttpMetrics;
  /** This role runs here. Whether Redis is up is asked over the connection of the first one. */
  add(role: MeasuredRole): void;
}

export function createProcessMetrics(deps: {
  readonly logger: Logger;
  readonly monotonic: () => number;
}): ProcessMetrics {
  const registry = new Registry();
  const registers = [registry];
  const roles: MeasuredRole[] = [];
  let http: HttpMetrics | undefined;
  const build = new Gauge({
    name: 'courier_build_info',
    help: 'Always 1: which version runs which role here',
    labelNames: ['version', 'role'],
    registers,
  });
  new Gauge({
    name: 'courier_redis_up',
    help: 'Whether Redis answered in time at this scrape',
    registers,
    async collect() {
      const [first] = roles;
      this.set(first && (await answersInTime(first.redis)) ? 1 : 0);
    },
  });
  collectDefaultMetrics({ register: registry });
  const loopDelay = createLoopDelay({
    ...deps,
    registry,
    onHeldUp: (longestMs) => roles.forEach(({ onHeldUp }) => onHeldUp?.(longestMs)),
  });
  return {
    registry,
    loopDelay,
    http: () => (http ??= createHttpMetrics(registry)),
    add(measured) {
      roles.push(measured);
      build.set({ version: version(), role: measured.role }, 1);
    },
  };
}
