import { randomBytes, randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { type Account, loadAccountsFile } from '../shared/accounts.ts';
import { systemClock } from '../shared/clock.ts';
import type { Config } from '../shared/config.ts';
import { openDeadLetters } from '../shared/dead-letter.ts';
import { CourierError, messageOf } from '../shared/errors.ts';
import { createHealthServer } from '../shared/health-server.ts';
import { closing, serviceStack } from '../shared/lifecycle.ts';
import type { Logger } from '../shared/logger.ts';
import { createProcessMetrics, type ProcessMetrics } from '../shared/metrics/process-metrics.ts';
import { answersInTime } from '../shared/redis-answers.ts';
import { closeRedis, openRedis, type RedisClient } from '../shared/redis.ts';
import { assertSafeRedis } from '../shared/redis-safety.ts';
import { type Tracing, TRACING_OFF } from '../shared/tracing/span.ts';
import { createAccounts } from './account/accounts.ts';
import { createDeadLetterWorker } from './dead-letter/dead-letter-worker.ts';
import { createInstallation } from './installation.ts';
import { createWorkerMetrics } from './metrics/worker-metrics.ts';

/** A worker process: all lanes of all accounts, dead letters, health and metrics. */
export interface WorkerProcess {
  /**
   * Resolves once it works on its lanes; waits for a Redis that is not there yet.
   * @throws CourierError `ERR_CONFIG` for a Redis that would lose messages
   */
  start(): Promise<{ port: number }>;
  /** Stops fetching, lets what is in flight end within the grace period, closes everything. */
  stop(): Promise<void>;
  reloadAccounts(): Promise<void>;
}

/**
 * Builds a worker from its configuration; nothing runs before `start`.
 *
 * @param measured of a process that runs other roles, too
 * @throws CourierError `ERR_CONFIG` if the accounts file is not valid
 */
export function buildWorker(
  config: Config,
  env: NodeJS.ProcessEnv,
  logger: Logger,
  tracing: Tracing = TRACING_OFF,
  measured: ProcessMetrics = createProcessMetrics({ ...systemClock, logger }),
): WorkerProcess {
  const first: Account[] = loadAccountsFile(config.accountsFile, env);
  const redis = openRedis(config.redisUrl, 'worker', quietly(logger));
  const deadLetters = openDeadLetters(redis, quietly(logger));
  const onHeldUp = (longestMs: number) => sayHeldUp(logger, longestMs);
  measured.add({ role: 'worker', redis, onHeldUp });
  const { registry } = measured;
  const metrics = createWorkerMetrics(registry, { redis, deadLetters, clock: systemClock });
  let stopping = false;
  const accounts = createAccounts(
    {
      redis,
      deadLetters,
      config,
      metrics,
      clock: systemClock,
      random: Math.random,
      randomBytes,
      logger,
      tracing,
      owner: `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`,
      stopping: () => stopping,
    },
    { path: config.accountsFile, env, first },
  );
  const deadLetterWorker = createDeadLetterWorker({
    redis,
    logger,
    clock: systemClock,
    redrive: accounts.redrive,
  });
  const installation = createInstallation({
    redis,
    logger,
    newId: randomUUID,
    mayForget: config.allowVolatileRedis,
    onLost: async () => {
      stopping = true;
      await deadLetterWorker.stop();
      await accounts.stop();
      logger.warn('all work has stopped');
    },
  });
  const health = createHealthServer({
    host: config.host,
    port: config.metricsPort,
    registry,
    isReady: async () => !stopping && installation.intact() && (await answersInTime(redis)),
    logger,
  });
  const services = serviceStack([
    health,
    measured.loopDelay,
    closing('redis', () => closeRedis(redis)),
    closing('dead-letter queue', () => deadLetters.close()),
    accounts,
    // A redrive needs its account at work.
    deadLetterWorker,
    installation,
  ]);
  return {
    async start() {
      if (first.length === 0) logger.warn({ file: config.accountsFile }, 'no accounts yet');
      try {
        await waitForRedis(redis, logger);
        await assertSafeRedis(redis, {
          allowVolatile: config.allowVolatileRedis,
          now: systemClock.now,
        });
      } catch (error) {
        redis.disconnect();
        throw error;
      }
      await services.start();
      return { port: health.port() };
    },
    async stop() {
      stopping = true;
      await services.stop();
    },
    reloadAccounts: accounts.reload,
  };
}

/** A Redis that is away is waited for; one that refuses our credentials never comes. */
async function waitForRedis(redis: RedisClient, logger: Logger): Promise<void> {
  if (redis.status === 'ready') return;
  const timer = setInterval(() => logger.warn('waiting for Redis'), 5000);
  let onError: ((error: Error) => void) | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      onError = (error) => {
        if (/^(?:WRONGPASS|NOAUTH|NOPERM)/.test(error.message)) reject(refused(error));
      };
      redis.on('error', onError);
      redis.once('ready', () => resolve());
    });
  } finally {
    clearInterval(timer);
    if (onError) redis.off('error', onError);
  }
}

function refused(error: Error): CourierError {
  const [code] = error.message.split(' ');
  return new CourierError(
    'ERR_CONFIG',
    `REDIS_URL: expected credentials that Redis takes, got ${code}. Correct user and password in ` +
      'REDIS_URL (redis://user:password@host:port/0).',
    { cause: error },
  );
}

/** Locks are renewed every 7.5 s: a process that is held up for seconds comes near to losing them. */
function sayHeldUp(logger: Logger, longestMs: number): void {
  logger.warn(
    { code: 'event-loop-held-up', longestMs },
    `The process was held up for ${longestMs} ms: give it more processor time, or it loses ` +
      'its locks and messages are run twice',
  );
}

/** ioredis repeats itself with every reconnect: one line in five seconds is enough. */
function quietly(logger: Logger): (error: Error) => void {
  let quietUntil = 0;
  return (error) => {
    if (systemClock.monotonic() < quietUntil) return;
    quietUntil = systemClock.monotonic() + 5000;
    logger.warn({ detail: messageOf(error) }, 'Redis trouble');
  };
}
