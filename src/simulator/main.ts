/** The simulator as a process of its own; settings come from the environment. */
import { runOptionsFromEnv, runSimulator } from './run.ts';

process.exitCode = await runSimulator(runOptionsFromEnv(process.env));
