import { loadConfig, printableConfig } from '../shared/config.ts';
import { createLogger } from '../shared/logger.ts';
import { runMain, runProcess } from '../shared/run-process.ts';
import { TRACING_OFF } from '../shared/tracing/span.ts';
import { buildDashboard } from './build.ts';

await runMain(async () => {
  const config = loadConfig(process.env);
  const logger = createLogger({ name: 'dashboard', level: config.logLevel });
  for (const warning of config.warnings) logger.warn(warning);
  logger.info(printableConfig(config), 'settings');
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const dashboard = await buildDashboard(config, logger, say);
  await runProcess(dashboard, logger, { graceMs: config.shutdownGraceMs, tracing: TRACING_OFF });
});
