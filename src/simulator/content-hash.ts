import { createHash } from 'node:crypto';

/**
 * A name for what a message says, the same for every order of keys, so that a message sent
 * twice is found also when its bytes differ.
 */
export function contentHash(value: unknown): string {
  return createHash('sha1').update(canonical(value)).digest('base64url');
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const parts = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, each]) => `${JSON.stringify(key)}:${canonical(each)}`);
  return `{${parts.join(',')}}`;
}
