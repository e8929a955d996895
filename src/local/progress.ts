import { Presets, SingleBar } from 'cli-progress';

/** How far a long job is, on stderr, so that stdout stays the result's own. */
export interface Progress {
  update(done: number): void;
  stop(): void;
}

export interface ProgressOptions {
  readonly total: number;
  /** What is counted, as in `messages`. */
  readonly what: string;
  /** Without a terminal: a plain line at every tenth (`plain`), or nothing. Default nothing. */
  readonly withoutTerminal?: 'plain' | 'nothing';
}

/** A bar on a terminal. */
export function showProgress(options: ProgressOptions): Progress {
  if (process.stderr.isTTY) return bar(options);
  if (options.withoutTerminal === 'plain') return plainLines(options);
  return { update: () => undefined, stop: () => undefined };
}

function bar({ total, what }: ProgressOptions): Progress {
  const shown = new SingleBar(
    {
      format: `  {bar} {percentage}%  {value}/{total} ${what}  {duration_formatted}`,
      hideCursor: true,
      clearOnComplete: true,
    },
    Presets.shades_classic,
  );
  shown.start(total, 0);
  return { update: (done) => shown.update(done), stop: () => shown.stop() };
}

function plainLines({ total, what }: ProgressOptions): Progress {
  let told = 0;
  return {
    update(done) {
      const tenth = Math.floor((done / total) * 10);
      if (tenth <= told) return;
      told = tenth;
      process.stderr.write(`  ${done}/${total} ${what}\n`);
    },
    stop: () => undefined,
  };
}
