import { statSync } from 'node:fs';
import { readdir, truncate } from 'node:fs/promises';
import path from 'node:path';

/** Looked at as often as this: a fraction of the second that is at stake. */
const LOOK_MS = 10;

/** How long the file was at a time of `performance.now()`. */
export interface Look {
  readonly at: number;
  readonly size: number;
}

/** The append-only file of a running Redis, and how long it was when. */
export interface AppendOnlyFile {
  /** The last look at it up to this time. */
  lookAt(ms: number): Look;
  /** The first look at it from this time on: all that was written by then is in it. */
  lookAfter(ms: number): Look;
  /** Looks once more and then no longer. */
  stopLooking(): void;
  /** Throws away what was written later; Redis must not be running. */
  cutTo(bytes: number): Promise<void>;
}

/** Watches the part of the file that Redis appends to. */
export async function watchAppendOnlyFile(redisDir: string): Promise<AppendOnlyFile> {
  const folder = path.join(redisDir, 'appendonlydir');
  const name = (await readdir(folder)).find((entry) => entry.endsWith('.incr.aof'));
  if (name === undefined) throw new Error(`expected an append-only file in ${folder}, found none`);
  const file = path.join(folder, name);
  const looks: Look[] = [];
  const look = () => looks.push({ at: performance.now(), size: statSync(file).size });
  look();
  const timer = setInterval(look, LOOK_MS);
  return {
    lookAt: (ms) => looks.findLast(({ at }) => at <= ms) ?? { at: 0, size: 0 },
    lookAfter: (ms) => looks.find(({ at }) => at >= ms) ?? looks.at(-1) ?? { at: 0, size: 0 },
    stopLooking() {
      clearInterval(timer);
      look();
    },
    cutTo: (bytes) => truncate(file, bytes),
  };
}
