import { afterAll } from 'vitest';
import { type ProcessOptions, type RunningProcess, startProcess } from './process.ts';

export type { ProcessOptions, RunningProcess } from './process.ts';

export interface Processes {
  /** See {@link startProcess}. */
  start(entry: string, options?: ProcessOptions): RunningProcess;
}

/** Real processes for a test file; what still runs after the file's last test is killed. */
export function useProcesses(): Processes {
  const started: RunningProcess[] = [];
  afterAll(async () => {
    await Promise.all(started.map((running) => running.stop('SIGKILL')));
  });
  return {
    start(entry, options = {}) {
      const running = startProcess(entry, options);
      started.push(running);
      return running;
    },
  };
}
