import path from 'node:path';
import { ROOT } from './process.ts';

/** Scripts are plain JavaScript; this is what we know of the one that finds the browser. */
interface ChromiumScript {
  findChromium(): string | undefined;
}

/** The path of the browser. @throws Error that says how to get one */
export async function chromiumPath(): Promise<string> {
  const script = (await import(path.join(ROOT, 'scripts/chromium.mjs'))) as ChromiumScript;
  const found = script.findChromium();
  if (found !== undefined) return found;
  throw new Error('No Chromium found. `npm test` installs one; or set CHROMIUM_BIN.');
}
