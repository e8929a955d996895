import { Command } from 'commander';
import { withExamples } from '../answer.ts';

interface SimulatorFlags {
  readonly port?: string;
  readonly host?: string;
  readonly latency?: string;
  readonly config?: string;
}

/** The variables that `dist/simulator/main.js` reads, by flag. */
const VARIABLES = {
  port: 'COURIER_SIMULATOR_PORT',
  host: 'COURIER_HOST',
  latency: 'COURIER_SIMULATOR_LATENCY',
  config: 'COURIER_SIMULATOR_CONFIG',
} as const;

export function simulatorCommand(): Command {
  const command = new Command('simulator')
    .description('run a pretended WeChat to send to, until Ctrl-C')
    .option('--port <port>', 'default 8099; 0 = any free port, printed in the ready line')
    .option('--host <host>', 'default 127.0.0.1')
    .option('--latency <latency>', '40 (ms), 60:800 (median:99th percentile) or realistic')
    .option('--config <file>', 'JSON with accounts, recipients, settings and faults')
    .action(runSimulator);
  return withExamples(
    command,
    'courier simulator --latency realistic',
    'courier simulator --port 8099   # and "apiBase": "http://127.0.0.1:8099" in accounts.json',
  );
}

/** Becomes the simulator: the same process, told through its own variables. */
export async function runSimulator(flags: SimulatorFlags): Promise<void> {
  for (const flag of ['port', 'host', 'latency', 'config'] as const) {
    const value = flags[flag];
    if (value !== undefined) process.env[VARIABLES[flag]] = value;
  }
  await import('../../simulator/main.ts');
}
