import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** @param {string} text */
export function sha1(text) {
  return createHash('sha1').update(text).digest('hex');
}

/** The Lua scripts of a build: hash to name and text. */
export function readScripts(dist) {
  const files = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.lua'),
  );
  return files.map((file) => {
    const text = readFileSync(path.join(dist, file), 'utf8');
    return { name: path.basename(file, '.lua'), sha: sha1(text), text };
  });
}
