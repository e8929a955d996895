import { existsSync, readFileSync, statSync } from 'node:fs';
import { chmod, chown, open, rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { CourierError, messageOf } from './errors.ts';

const LOCK_TRIES = 40;
const LOCK_PAUSE_MS = 50;

/** A JSON file that only we write, readable by nobody else: keys, users. */
export interface PrivateFile {
  readonly path: string;
  /** The variable that names it, for errors. */
  readonly variable: string;
  /** The command that changes it, for errors: `courier keys`. */
  readonly command: string;
}

/** Its text, or null without such a file. @throws CourierError `ERR_CONFIG` */
export function readPrivateFile(file: PrivateFile): string | null {
  try {
    return readFileSync(file.path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw brokenFile(file, `it cannot be read (${messageOf(error)})`);
  }
}

/**
 * Replaces its text. One writer at a time, and a reader sees the old file or the new one, never
 * half of it.
 *
 * @throws CourierError `ERR_CONFIG`, and whatever `edit` throws
 */
export async function changePrivateFile(file: PrivateFile, edit: () => string): Promise<void> {
  const lock = `${file.path}.lock`;
  await takeLock(file, lock);
  try {
    const text = edit();
    const draft = `${file.path}.new`;
    await writeFile(draft, text, { mode: 0o600 });
    await chmod(draft, 0o600);
    await keepOwner(file, draft);
    await rename(draft, file.path);
  } finally {
    await rm(lock, { force: true });
  }
}

/** Whoever reads the file must be able to read the new one: root may be changing it for a service. */
async function keepOwner({ path, variable }: PrivateFile, draft: string): Promise<void> {
  if (!existsSync(path)) return;
  const { uid, gid } = statSync(path);
  if (statSync(draft).uid === uid) return;
  try {
    await chown(draft, uid, gid);
  } catch (error) {
    await rm(draft, { force: true });
    throw new CourierError(
      'ERR_CONFIG',
      `${variable}: expected to change ${path} as its owner (user ${uid}) or as root, got ` +
        `${messageOf(error)}. Nothing was changed.`,
    );
  }
}

/** Changes whenever the file does. */
export function stampOf(path: string): string {
  try {
    const { ino, mtimeMs, size } = statSync(path);
    return `${ino}:${mtimeMs}:${size}`;
  } catch {
    return 'none';
  }
}

/** Of content that is not ours. It is never quoted. */
export function brokenFile({ path, variable, command }: PrivateFile, got: string): CourierError {
  return new CourierError(
    'ERR_CONFIG',
    `${variable}: expected what "${command}" wrote in ${path}, got ${got}. Restore the file, or ` +
      'delete it and start anew.',
  );
}

async function takeLock(file: PrivateFile, lock: string): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      await (await open(lock, 'wx')).close();
      return;
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) {
        throw new CourierError(
          'ERR_CONFIG',
          `${file.variable}: expected a folder that can be written, got ${lock}: ${messageOf(error)}`,
        );
      }
      if (tries === LOCK_TRIES) {
        throw new CourierError(
          'ERR_CONFIG',
          `Expected nobody else to be changing ${file.path}, but ${lock} is there. Delete it if no ` +
            `other "${file.command}" is running.`,
        );
      }
      await delay(LOCK_PAUSE_MS);
    }
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
