import { existsSync } from 'node:fs';
import { systemClock } from '../shared/clock.ts';
import { type Config, loadConfig, printableConfig } from '../shared/config.ts';
import { CourierError } from '../shared/errors.ts';
import { createLogger, type Logger } from '../shared/logger.ts';
import { createProcessMetrics } from '../shared/metrics/process-metrics.ts';
import { runMain, runProcess } from '../shared/run-process.ts';
import { openTracing } from '../shared/tracing/open-tracing.ts';
import { buildDashboard } from '../dashboard/build.ts';
import { buildIngest } from '../ingest/build.ts';
import { buildWorker } from '../worker/build.ts';
import { type PrivateRedis, startPrivateRedis } from './private-redis.ts';

/** Data of the private Redis, in the folder where the command runs. */
const DATA = './data';

/**
 * Every role in one process group for a single machine, until SIGINT or SIGTERM: on the Redis
 * of `REDIS_URL` if that is set, otherwise on a private one.
 */
export async function startAll(env: NodeJS.ProcessEnv): Promise<void> {
  await runMain(async () => {
    requireAccounts(loadConfig(env));
    const redis = env['REDIS_URL'] ? undefined : await startPrivateRedis({ dir: DATA });
    try {
      await run(env, redis);
    } catch (error) {
      await redis?.stop();
      throw error;
    }
  });
}

async function run(env: NodeJS.ProcessEnv, redis: PrivateRedis | undefined): Promise<void> {
  const config = loadConfig({ ...env, ...(redis && { REDIS_URL: redis.url }) });
  const logger = createLogger({ name: 'all', level: config.logLevel });
  for (const warning of config.warnings) logger.warn(warning);
  logger.info(printableConfig(config), 'settings');
  const { monotonic } = systemClock;
  const tracing = await openTracing(env, 'all', { logger, monotonic });
  // One process, one set of metrics: on the metrics port, and at the HTTP API as well.
  const measured = createProcessMetrics({ logger, monotonic });
  const worker = buildWorker(config, env, logger, tracing, measured);
  const ingest = await buildIngest(config, logger, tracing, measured);
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const dashboard = await buildDashboard(config, logger, say, measured);
  let stopping = false;
  if (redis) watchOver(redis, logger, () => stopping);
  await runProcess(
    {
      async start() {
        const { port } = await worker.start();
        const { port: ingestPort } = await ingest.start();
        const { port: dashboardPort } = await dashboard.start();
        const roles = ['worker', 'ingest', 'dashboard'];
        return { role: 'all', roles, port, ingestPort, dashboardPort };
      },
      async stop() {
        stopping = true;
        await dashboard.stop();
        await ingest.stop();
        await worker.stop();
        await redis?.stop();
      },
      reload: () => worker.reloadAccounts(),
    },
    logger,
    { graceMs: config.shutdownGraceMs, tracing },
  );
}

/** Nobody else would start it again, and with a new start the data is there as it was. */
function watchOver(redis: PrivateRedis, logger: Logger, isStopping: () => boolean): void {
  void redis.exited.then((end) => {
    if (isStopping()) return;
    logger.fatal({ detail: end }, 'the private Redis is gone');
    throw new Error(`The private Redis ${end}`);
  });
}

function requireAccounts({ accountsFile }: Config): void {
  if (existsSync(accountsFile)) return;
  throw new CourierError(
    'ERR_CONFIG',
    `Expected the accounts in ${accountsFile}, but there is no such file. Copy ` +
      'accounts.example.json to it and fill in "appId" and "secret" of your Official Account ' +
      '("${WX_SECRET}" is read from the environment); all else has a default.',
  );
}
