import { CourierError, isCourierError, messageOf } from './errors.ts';
import { flushLogger, type Logger } from './logger.ts';
import type { Tracing } from './tracing/span.ts';

/** A role as the process that runs it sees it. */
export interface Role {
  start(): Promise<Record<string, unknown>>;
  stop(): Promise<void>;
  /** SIGHUP. */
  reload?(): Promise<void>;
}

/** What a stopping process may wait for its collector, in milliseconds. */
const LAST_SPANS_MS = 2000;
/** Of the grace period, kept for the end itself. */
const RESERVE_MS = 250;

/** Exit code for a configuration that cannot work (`EX_CONFIG`). */
export const EXIT_CONFIG = 78;

/**
 * Runs a role until SIGTERM or SIGINT: prints the `ready` line, stops cleanly within the grace
 * period, exits at once on a second signal. An error nobody handled stops the process in the
 * same order with exit code 1: after it nothing can be trusted.
 */
export async function runProcess(
  role: Role,
  logger: Logger,
  options: { readonly graceMs: number; readonly tracing: Tracing },
): Promise<void> {
  let stopping = false;

  async function stop(cause: string, exitCode: number): Promise<void> {
    if (stopping) return exit(logger, 1);
    stopping = true;
    const began = performance.now();
    logger.info({ cause }, 'stopping');
    setTimeout(() => {
      logger.error({ graceMs: options.graceMs }, 'grace period over, stopping hard');
      void exit(logger, 1);
    }, options.graceMs).unref();
    const graceLeft = () => options.graceMs - (performance.now() - began) - RESERVE_MS;
    try {
      await role.stop();
      await options.tracing.stop(Math.max(0, Math.min(LAST_SPANS_MS, graceLeft())));
      logger.info('stopped');
      await exit(logger, exitCode);
    } catch (error) {
      logger.error({ detail: messageOf(error) }, 'stopping failed');
      await exit(logger, 1);
    }
  }

  process.on('SIGTERM', () => void stop('SIGTERM', 0));
  process.on('SIGINT', () => void stop('SIGINT', 0));
  process.on('SIGHUP', () => void role.reload?.());
  process.on('uncaughtException', (error) => {
    logger.fatal({ detail: messageOf(error), stack: error.stack }, 'uncaught exception');
    void stop('uncaughtException', 1);
  });
  process.on('unhandledRejection', (reason) => {
    const stack = reason instanceof Error ? reason.stack : undefined;
    logger.fatal({ detail: messageOf(reason), stack }, 'unhandled rejection');
    void stop('unhandledRejection', 1);
  });

  const details = await role.start();
  if (stopping) return;
  // At every level: whoever started this process waits for the line.
  logger.child({}, { level: 'info' }).info(details, 'ready');
  await flushLogger(logger);
  process.send?.('ready');
}

async function exit(logger: Logger, code: number): Promise<void> {
  await flushLogger(logger);
  process.exit(code);
}

/**
 * Runs a process' main function: bad configuration becomes one line on stderr and exit 78,
 * anything else that goes wrong before `ready` one line and exit 1.
 */
export async function runMain(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    const code = isCourierError(error) ? `${error.code}: ` : '';
    process.stderr.write(`${code}${messageOf(error)}\n`);
    process.exit(error instanceof CourierError && error.code === 'ERR_CONFIG' ? EXIT_CONFIG : 1);
  }
}
