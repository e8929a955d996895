import { Gauge, type Registry } from 'prom-client';
import type { DeadLetterQueue } from '../../shared/dead-letter.ts';
import { createReading } from '../../shared/metrics/reading.ts';
import type { RedisClient } from '../../shared/redis.ts';
import { readRedis, type RedisState, sampleLedgers } from './redis-reading.ts';

export interface RedisGaugesDeps {
  readonly registry: Registry;
  readonly redis: RedisClient;
  readonly deadLetters: Pick<DeadLetterQueue, 'toKey'>;
  readonly appIds: () => readonly string[];
  readonly monotonic: () => number;
}

/** Drawing the sample costs Redis about a millisecond. */
const LEDGERS_FRESH_MS = 60_000;

const GAUGES: readonly (readonly [string, string, keyof RedisState])[] = [
  ['courier_dead_letter_depth', 'Letters in the dead-letter queue', 'deadLetters'],
  ['courier_redis_memory_used_bytes', 'Memory that Redis uses', 'usedBytes'],
  ['courier_redis_memory_limit_bytes', 'Memory that Redis may use; 0: no limit', 'limitBytes'],
];

/** Gauges of Redis as a whole; absent while it cannot be read. */
export function registerRedisGauges(deps: RedisGaugesDeps): void {
  const { registry, redis, deadLetters, appIds, monotonic } = deps;
  const registers = [registry];
  /** Commands would be kept until there is a connection. */
  const connected = <Value>(read: () => Promise<Value>) =>
    redis.status === 'ready' ? read() : Promise.reject(new Error('no connection'));
  const state = createReading(() => connected(() => readRedis(redis, deadLetters)), { monotonic });
  for (const [name, help, field] of GAUGES) {
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        const found = await state();
        if (found) this.set(found[field]);
        else this.remove();
      },
    });
  }
  const ledgers = createReading(() => connected(() => sampleLedgers(redis, appIds())), {
    monotonic,
    freshMs: LEDGERS_FRESH_MS,
  });
  new Gauge({
    name: 'courier_ledger_memory_bytes',
    help: 'About what the ledger records of an account take, from a sample of keys',
    labelNames: ['account'],
    registers,
    async collect() {
      const found = await (redis.status === 'ready' ? ledgers() : null);
      this.reset();
      for (const account of appIds()) {
        const bytes = found?.get(account);
        if (bytes !== undefined) this.set({ account }, Math.round(bytes));
      }
    },
  });
}
