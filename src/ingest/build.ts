import type { AddressInfo } from 'node:net';
import { accountsOfFile } from '../producer/accounts.ts';
import { withinDeadline } from '../producer/connection.ts';
import { createProducer } from '../producer/index.ts';
import { systemClock } from '../shared/clock.ts';
import type { Config } from '../shared/config.ts';
import { CourierError, messageOf } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import { createProcessMetrics, type ProcessMetrics } from '../shared/metrics/process-metrics.ts';
import { closeRedis, openRedis } from '../shared/redis.ts';
import { type Tracing, TRACING_OFF } from '../shared/tracing/span.ts';
import { version } from '../shared/version.ts';
import { createKeyRing } from './keys/key-ring.ts';
import { createIngestMetrics } from './metrics.ts';
import { openApiDocument } from './openapi/document.ts';
import { accountRoutes } from './routes/accounts.ts';
import { deadLetterRoutes } from './routes/dead-letters.ts';
import { messageRoutes } from './routes/messages.ts';
import { serviceRoutes } from './routes/service.ts';
import { createServer } from './server.ts';

/** The ingest API as a process runs it. */
export interface IngestProcess {
  /** Resolves once it listens; a Redis that is away is answered with 503, not waited for. */
  start(): Promise<{ port: number }>;
  /** Takes no new request, answers those it has, closes everything. */
  stop(): Promise<void>;
}

/**
 * Builds the ingest from its configuration; nothing listens before `start`.
 *
 * @param measured of a process that runs other roles, too
 * @throws CourierError `ERR_CONFIG` if the accounts file or the keys file is not valid
 */
export async function buildIngest(
  config: Config,
  logger: Logger,
  tracing: Tracing = TRACING_OFF,
  measured: ProcessMetrics = createProcessMetrics({ ...systemClock, logger }),
): Promise<IngestProcess> {
  const { monotonic } = systemClock;
  const known = accountsOfFile(config.accountsFile, monotonic);
  const keys = createKeyRing(config.apiKeysFile, logger);
  const redis = openRedis(config.redisUrl, 'producer', () => undefined);
  const { accountsFile, ledgerTtlHours } = config;
  const producer = createProducer({ redis, accountsFile, ledgerTtlHours });
  measured.add({ role: 'ingest', redis });
  const metrics = createIngestMetrics(measured, known.has);
  let stopping = false;
  const app = await createServer({ keys, perSecond: config.ingestRate, metrics, logger, tracing });
  const call = <Result>(work: () => Promise<Result>) => withinDeadline(redis, work);
  messageRoutes(app, producer, metrics);
  deadLetterRoutes(app, producer);
  accountRoutes(app, { redis, clock: systemClock, isKnown: known.has, call });
  serviceRoutes(app, {
    registry: measured.registry,
    openApi: JSON.stringify(openApiDocument(version())),
    isReady: async () => !stopping && (await answers(() => call(() => redis.ping()))),
  });
  return {
    async start() {
      await measured.loopDelay.start();
      await keys.start();
      await listen();
      return { port: (app.server.address() as AddressInfo).port };
    },
    async stop() {
      stopping = true;
      await app.close();
      await measured.loopDelay.stop();
      await keys.stop();
      await producer.close();
      await closeRedis(redis);
    },
  };

  async function listen(): Promise<void> {
    try {
      await app.listen({ host: config.host, port: config.ingestPort });
    } catch (error) {
      throw new CourierError(
        'ERR_CONFIG',
        `COURIER_HOST, COURIER_INGEST_PORT: expected a free address of this machine, got ` +
          `${config.host}:${config.ingestPort} (${messageOf(error)}).`,
        { cause: error },
      );
    }
  }
}

async function answers(ask: () => Promise<unknown>): Promise<boolean> {
  return await ask().then(
    () => true,
    () => false,
  );
}
