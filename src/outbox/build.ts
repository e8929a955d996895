import { withinDeadline } from '../producer/connection.ts';
import { createProducer } from '../producer/index.ts';
import { systemClock } from '../shared/clock.ts';
import type { Config } from '../shared/config.ts';
import { createHealthServer } from '../shared/health-server.ts';
import { closing, serviceStack } from '../shared/lifecycle.ts';
import type { Logger } from '../shared/logger.ts';
import { createProcessMetrics } from '../shared/metrics/process-metrics.ts';
import { closeRedis, openRedis } from '../shared/redis.ts';
import { type Tracing, TRACING_OFF } from '../shared/tracing/span.ts';
import { createOutboxMetrics } from './metrics.ts';
import { hopeless, openOutbox } from './open-outbox.ts';
import { createRelay } from './relay.ts';

/** The relay as a process runs it; as many as you like may drain one table. */
export interface OutboxProcess {
  /**
   * Resolves once it works; a database or a Redis that is away is waited for.
   *
   * @throws CourierError `ERR_CONFIG` for a database that will never let it work
   */
  start(): Promise<{ port: number }>;
  /** Ends the round that is under way and closes everything. */
  stop(): Promise<void>;
}

/**
 * Builds the relay from its configuration; nothing runs before `start`.
 *
 * @throws CourierError `ERR_CONFIG` if no outbox is configured, or the accounts file is not valid
 */
export async function buildOutbox(
  config: Config,
  logger: Logger,
  tracing: Tracing = TRACING_OFF,
): Promise<OutboxProcess> {
  const outbox = await openOutbox(config);
  const redis = openRedis(config.redisUrl, 'producer', () => undefined);
  const { accountsFile, ledgerTtlHours } = config;
  const producer = createProducer({ redis, accountsFile, ledgerTtlHours });
  const { monotonic } = systemClock;
  const measured = createProcessMetrics({ logger, monotonic });
  measured.add({ role: 'outbox', redis });
  const { registry } = measured;
  const metrics = createOutboxMetrics(registry, () => outbox.backlog(), monotonic);
  const { enqueueMany } = producer;
  const relay = createRelay({ outbox, enqueueMany, metrics, ...systemClock, logger, tracing });
  const health = createHealthServer({
    host: config.host,
    port: config.metricsPort,
    registry,
    isReady: async () => relay.working() && (await takesCommands()),
    logger,
  });
  const services = serviceStack([
    closing('redis', () => closeRedis(redis)),
    closing('producer', () => producer.close()),
    closing('outbox', () => outbox.close()),
    health,
    measured.loopDelay,
    relay,
  ]);

  function takesCommands(): Promise<boolean> {
    return withinDeadline(redis, () => redis.ping()).then(
      () => true,
      () => false,
    );
  }

  return {
    async start() {
      try {
        await outbox.backlog().catch((error: unknown) => {
          const never = hopeless(error);
          if (never) throw never;
        });
      } catch (error) {
        redis.disconnect();
        throw error;
      }
      await services.start();
      return { port: health.port() };
    },
    stop: () => services.stop(),
  };
}
