import { hash } from 'node:crypto';
import type { Kind } from '../outcome.ts';

const HASH_LENGTH = 16;

/**
 * A short fingerprint of what would be sent: 16 base64url characters (96 bits) of SHA-256.
 * The order of keys does not matter, so a caller that builds the same message another way
 * still repeats itself instead of causing `ERR_ID_CONFLICT`.
 *
 * @param message one that {@link validateMessage} found nothing wrong with
 */
export function contentHash(kind: Kind, message: object): string {
  const canonical = JSON.stringify([kind, sorted(message)]);
  return hash('sha256', canonical, 'base64url').slice(0, HASH_LENGTH);
}

/** A copy with its keys in one order, whichever way the original was built. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const members = value as Readonly<Record<string, unknown>>;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(members).toSorted()) copy[key] = sorted(members[key]);
  return copy;
}
