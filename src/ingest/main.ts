import { systemClock } from '../shared/clock.ts';
import { loadConfig, printableConfig } from '../shared/config.ts';
import { createLogger } from '../shared/logger.ts';
import { runMain, runProcess } from '../shared/run-process.ts';
import { openTracing } from '../shared/tracing/open-tracing.ts';
import { buildIngest } from './build.ts';

await runMain(async () => {
  const config = loadConfig(process.env);
  const logger = createLogger({ name: 'ingest', level: config.logLevel });
  for (const warning of config.warnings) logger.warn(warning);
  logger.info(printableConfig(config), 'settings');
  const { monotonic } = systemClock;
  const tracing = await openTracing(process.env, 'ingest', { logger, monotonic });
  const ingest = await buildIngest(config, logger, tracing);
  await runProcess(ingest, logger, { graceMs: config.shutdownGraceMs, tracing });
});
