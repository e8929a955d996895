import { createHash } from 'node:crypto';
import type { Kind } from '../outcome.ts';

const HASH_LENGTH = 16;

/**
 * A short fingerprint of what would be sent: 16 base64url characters (96 bits) of SHA-256.
 * The order of keys does not matter, so a caller that builds the same message another way
 * still repeats itself instead of causing `ERR_ID_CONFLICT`.
 */
export function contentHash(kind: Kind, message: object): string {
  const text = `${kind}\0${canonicalJson(message)}`;
  return createHash('sha256').update(text).digest('base64url').slice(0, HASH_LENGTH);
}

/** JSON with sorted keys; like `JSON.stringify`, it leaves out properties that are undefined. */
function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  let members = '';
  for (const [key, member] of Object.entries(value).sort(byKey)) {
    if (member === undefined) continue;
    members += `${members && ','}${JSON.stringify(key)}:${canonicalJson(member)}`;
  }
  return `{${members}}`;
}

function byKey([left]: [string, unknown], [right]: [string, unknown]): number {
  return left < right ? -1 : 1;
}
