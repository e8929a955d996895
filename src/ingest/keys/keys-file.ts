import { z } from 'zod';
import { CourierError } from '../../shared/errors.ts';
import {
  brokenFile,
  changePrivateFile,
  type PrivateFile,
  readPrivateFile,
} from '../../shared/private-file.ts';
import { type ApiKey, apiKeySchema, type NewApiKey } from './api-key.ts';

const fileSchema = z.strictObject({ keys: z.array(apiKeySchema) });

/** For rotation: the old key and its successor. */
const ACTIVE_PER_NAME = 2;

/**
 * The keys of the file; none without a file.
 *
 * @throws CourierError `ERR_CONFIG` for a file that is no keys file. Its content is never quoted
 */
export function readKeys(path: string): ApiKey[] {
  const file = keysFile(path);
  const content = readPrivateFile(file);
  if (content === null) return [];
  const parsed = fileSchema.safeParse(jsonOf(content));
  if (!parsed.success) throw brokenFile(file, 'other content');
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

async function change(path: string, edit: (keys: ApiKey[]) => ApiKey[]): Promise<void> {
  await changePrivateFile(
    keysFile(path),
    () => `${JSON.stringify({ keys: edit(readKeys(path)) }, null, 2)}\n`,
  );
}

function keysFile(path: string): PrivateFile {
  return { path, variable: 'COURIER_API_KEYS_FILE', command: 'courier keys' };
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
