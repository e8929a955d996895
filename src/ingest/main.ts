import { loadConfig, printableConfig } from '../shared/config.ts';
import { createLogger } from '../shared/logger.ts';
import { runMain, runProcess } from '../shared/run-process.ts';
import { buildIngest } from './build.ts';

await runMain(async () => {
  const config = loadConfig(process.env);
  const logger = createLogger({ name: 'ingest', level: config.logLevel });
  for (const warning of config.warnings) logger.warn(warning);
  logger.info(printableConfig(config), 'settings');
  const ingest = await buildIngest(config, logger);
  await runProcess(ingest, logger, { graceMs: config.shutdownGraceMs });
});
