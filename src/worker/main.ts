import { systemClock } from '../shared/clock.ts';
import { loadConfig, printableConfig } from '../shared/config.ts';
import { createLogger } from '../shared/logger.ts';
import { runMain, runProcess } from '../shared/run-process.ts';
import { openTracing } from '../shared/tracing/open-tracing.ts';
import { buildWorker } from './build.ts';

await runMain(async () => {
  const config = loadConfig(process.env);
  const logger = createLogger({ name: 'worker', level: config.logLevel });
  for (const warning of config.warnings) logger.warn(warning);
  logger.info(printableConfig(config), 'settings');
  const { monotonic } = systemClock;
  const tracing = await openTracing(process.env, 'worker', { logger, monotonic });
  const worker = buildWorker(config, process.env, logger, tracing);
  await runProcess(
    {
      start: () => worker.start(),
      stop: () => worker.stop(),
      reload: () => worker.reloadAccounts(),
    },
    logger,
    { graceMs: config.shutdownGraceMs, tracing },
  );
});
