import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Failure } from './progress.mjs';
import { ROOT } from './run.mjs';

/** Becomes a built entry: same process, so that signals and exit codes need no relay. */
export async function enter(entry, args) {
  const file = path.join(ROOT, 'dist', entry);
  if (!existsSync(file)) throw new Failure(`The build has no dist/${entry}.`);
  process.argv = [process.argv[0], file, ...args];
  await import(pathToFileURL(file).href);
}
