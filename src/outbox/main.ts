import { systemClock } from '../shared/clock.ts';
import { loadConfig, printableConfig } from '../shared/config.ts';
import { createLogger } from '../shared/logger.ts';
import { runMain, runProcess } from '../shared/run-process.ts';
import { openTracing } from '../shared/tracing/open-tracing.ts';
import { buildOutbox } from './build.ts';

await runMain(async () => {
  const config = loadConfig(process.env);
  const logger = createLogger({ name: 'outbox', level: config.logLevel });
  for (const warning of config.warnings) logger.warn(warning);
  logger.info(printableConfig(config), 'settings');
  const { monotonic } = systemClock;
  const tracing = await openTracing(process.env, 'outbox', { logger, monotonic });
  const outbox = await buildOutbox(config, logger, tracing);
  await runProcess(outbox, logger, { graceMs: config.shutdownGraceMs, tracing });
});
