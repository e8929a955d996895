import { readFileSync } from 'node:fs';
import { chmod, open, rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { CourierError, messageOf } from '../../shared/errors.ts';
import { type ApiKey, apiKeySchema, type NewApiKey } from './api-key.ts';

const fileSchema = z.strictObject({ keys: z.array(apiKeySchema) });

/** For rotation: the old key and its successor. */
const ACTIVE_PER_NAME = 2;
const LOCK_TRIES = 40;
const LOCK_PAUSE_MS = 50;

/**
 * The keys of the file; none without a file.
 *
 * @throws CourierError `ERR_CONFIG` for a file that is no keys file. Its content is never quoted
 */
export function readKeys(path: string): ApiKey[] {
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return [];
    throw broken(path, `it cannot be read (${messageOf(error)})`);
  }
  const parsed = fileSchema.safeParse(jsonOf(content));
  if (!parsed.success) throw broken(path, 'other content');
  return parsed.data.keys.map(withoutAbsent);
}

/**
 * Adds a key.
 *
 * @throws CourierError `ERR_KEY_LIMIT` if this name has two active ones; `ERR_CONFIG`
 */
export async function addKey(path: string, { key }: NewApiKey): Promise<void> {
  await change(path, (keys) => {
    const active = keys.filter(({ name, revokedAt }) => name === key.name && !revokedAt);
    if (active.length >= ACTIVE_PER_NAME) {
      const ids = active.map(({ id }) => id).join(', ');
      throw new CourierError(
        'ERR_KEY_LIMIT',
        `"${key.name}" has ${active.length} active keys (${ids}); expected at most one besides ` +
          'the new one. Revoke the one that is not used any more, then create it again.',
      );
    }
    return [...keys, key];
  });
}

/** Null if there is no such key; one that was revoked before stays as it was. */
export async function revokeKey(
  path: string,
  keyId: string,
  now: () => number,
): Promise<ApiKey | null> {
  let revoked: ApiKey | null = null;
  await change(path, (keys) =>
    keys.map((key) => {
      if (key.id !== keyId) return key;
      revoked = key.revokedAt ? key : { ...key, revokedAt: new Date(now()).toISOString() };
      return revoked;
    }),
  );
  return revoked;
}

/** One writer at a time, and a reader sees the old file or the new one, never half of it. */
async function change(path: string, edit: (keys: ApiKey[]) => ApiKey[]): Promise<void> {
  const lock = `${path}.lock`;
  await takeLock(lock);
  try {
    const keys = edit(readKeys(path));
    const draft = `${path}.new`;
    await writeFile(draft, `${JSON.stringify({ keys }, null, 2)}\n`, { mode: 0o600 });
    await chmod(draft, 0o600);
    await rename(draft, path);
  } finally {
    await rm(lock, { force: true });
  }
}

async function takeLock(lock: string): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      await (await open(lock, 'wx')).close();
      return;
    } catch (error) {
      if (!isTaken(error)) throw unwritable(lock, error);
      if (tries === LOCK_TRIES) {
        throw new CourierError(
          'ERR_CONFIG',
          `Expected nobody else to be changing the keys, but ${lock} is there. Delete it if no ` +
            'other "courier keys" is running.',
        );
      }
      await delay(LOCK_PAUSE_MS);
    }
  }
}

function jsonOf(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return null;
  }
}

function withoutAbsent({ revokedAt, ...key }: z.output<typeof apiKeySchema>): ApiKey {
  return { ...key, ...(revokedAt !== undefined && { revokedAt }) };
}

function broken(path: string, got: string): CourierError {
  return new CourierError(
    'ERR_CONFIG',
    `COURIER_API_KEYS_FILE: expected the keys that "courier keys create" wrote in ${path}, got ` +
      `${got}. Restore the file, or delete it and create new keys.`,
  );
}

function unwritable(lock: string, error: unknown): CourierError {
  return new CourierError(
    'ERR_CONFIG',
    `COURIER_API_KEYS_FILE: expected a folder that can be written, got ${lock}: ${messageOf(error)}`,
  );
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST';
}
