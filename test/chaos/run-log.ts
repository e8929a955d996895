import { createWriteStream, readFileSync } from 'node:fs';
import { z } from 'zod';
import type { PlannedAction } from './action.ts';
import type { RunOptions } from './options.ts';
import { PROFILES } from './plan.ts';

/** What was done in a run, one JSON line each: first the options, then every action at its end. */
export interface RunLog {
  readonly path: string;
  action(line: ActionLine): void;
  close(): Promise<void>;
}

/** An action as planned, and what really happened; milliseconds from the start of the run. */
export interface ActionLine extends PlannedAction {
  readonly startedMs: number;
  readonly endedMs: number;
  /** The worker it hit, where that is another than planned. */
  readonly worker?: number;
  readonly outcome: string;
}

export function openRunLog(path: string, options: RunOptions): RunLog {
  const stream = createWriteStream(path, { flags: 'wx' });
  stream.write(`${JSON.stringify({ run: options })}\n`);
  return {
    path,
    action: (line) => void stream.write(`${JSON.stringify(line)}\n`),
    close: () => new Promise((resolve) => stream.end(resolve)),
  };
}

const headSchema = z.object({
  run: z.object({
    seed: z.number(),
    messages: z.number(),
    seconds: z.number(),
    workers: z.number(),
    profile: z.enum(PROFILES),
  }),
});
const lineSchema = z.object({
  number: z.number(),
  offsetMs: z.number(),
  action: z.object({ kind: z.string() }).loose(),
  worker: z.number().optional(),
});

/**
 * The options and the actions of an earlier run, for doing the very same again even when the
 * same seed has come to mean another plan.
 *
 * @throws Error if the file is not such a log
 */
export function readRunLog(path: string): { run: RunOptions; plan: PlannedAction[] } {
  try {
    const [head = '', ...lines] = readFileSync(path, 'utf8').trimEnd().split('\n');
    const { run } = headSchema.parse(JSON.parse(head));
    const plan = lines
      .map((line) => lineSchema.parse(JSON.parse(line)))
      .map(({ number, offsetMs, action, worker }) => {
        // On whom it fell then, should that be another than planned.
        const again = 'worker' in action && worker !== undefined ? { ...action, worker } : action;
        return { number, offsetMs, action: again } as PlannedAction;
      })
      .toSorted((left, right) => left.number - right.number);
    return { run, plan };
  } catch (error) {
    throw new Error(`--replay: expected the log of a run, got ${path}`, { cause: error });
  }
}
