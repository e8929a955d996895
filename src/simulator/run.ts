import { createSimulator, type SimulatorOptions } from './build.ts';
import { readConfigFile, SimulatorConfigError } from './config.ts';
import { parseLatency } from './latency.ts';

/** Like `EX_CONFIG` of sysexits.h: starting again will not help. */
const EXIT_CONFIG = 78;

export interface RunOptions {
  /** Default 8099; 0 is any free port. */
  readonly port?: number | string;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** `40` (milliseconds), `60:800` (median and 99th percentile), or `realistic`. */
  readonly latency?: string;
  /** A JSON file with the options of `createSimulator`; the other options win over it. */
  readonly configFile?: string;
}

/** The settings of the process: the variables that start the simulator on its own. */
export function runOptionsFromEnv(env: NodeJS.ProcessEnv): RunOptions {
  return {
    ...(env['COURIER_SIMULATOR_PORT'] && { port: env['COURIER_SIMULATOR_PORT'] }),
    ...(env['COURIER_HOST'] && { host: env['COURIER_HOST'] }),
    ...(env['COURIER_SIMULATOR_LATENCY'] && { latency: env['COURIER_SIMULATOR_LATENCY'] }),
    ...(env['COURIER_SIMULATOR_CONFIG'] && { configFile: env['COURIER_SIMULATOR_CONFIG'] }),
  };
}

/**
 * Runs a simulator until SIGTERM or SIGINT. Stdout gets exactly one line of JSON once it
 * serves; a wrong configuration gets one line on stderr.
 *
 * @returns the exit code: 0 stopped, 1 could not listen, 78 wrong configuration
 */
export async function runSimulator(options: RunOptions = {}): Promise<number> {
  try {
    const simulator = createSimulator(optionsOf(options));
    const stopped = untilSignal();
    const { port, url } = await simulator.start();
    process.stdout.write(
      `${JSON.stringify({ level: 30, msg: 'ready', role: 'simulator', port, url })}\n`,
    );
    await stopped;
    await simulator.stop();
    return 0;
  } catch (error) {
    const isConfig = error instanceof SimulatorConfigError;
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`simulator: ${reason.replaceAll('\n', ' ')}\n`);
    return isConfig ? EXIT_CONFIG : 1;
  }
}

/** The file's options with the given ones over them; `createSimulator` judges the result. */
function optionsOf(options: RunOptions): SimulatorOptions {
  const file = options.configFile === undefined ? {} : readConfigFile(options.configFile);
  const settings = file['settings'];
  const latency = options.latency === undefined ? undefined : latencyOf(options.latency);
  return {
    port: 8099,
    ...file,
    ...(options.port !== undefined && { port: options.port }),
    ...(options.host !== undefined && { host: options.host }),
    ...(latency !== undefined && {
      settings: { ...(typeof settings === 'object' ? settings : {}), latency },
    }),
  };
}

function latencyOf(text: string): NonNullable<ReturnType<typeof parseLatency>> {
  const latency = parseLatency(text);
  if (latency !== undefined) return latency;
  throw new SimulatorConfigError(`latency: expected "40", "60:800" or "realistic", got "${text}"`);
}

/** The first signal stops in order; while that lasts, another one exits at once. */
function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    let signals = 0;
    const onSignal = (): void => {
      signals += 1;
      if (signals > 1) process.exit(1);
      resolve();
    };
    process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  });
}
