import { accountKeys } from './keys.ts';
import type { RedisClient } from './redis.ts';

/** How the shared token of an account stands, without the token. */
export type TokenHealth =
  /** No worker has needed one yet, or it ran out and nobody has renewed it. */
  | { readonly state: 'none' | 'expired' }
  | {
      readonly state: 'valid';
      /** Grows with every new token. */
      readonly generation: number;
      /** Epoch milliseconds, both. */
      readonly fetchedAt: number;
      readonly expiresAt: number;
    };

export async function tokenHealth(
  redis: RedisClient,
  appId: string,
  now: number,
): Promise<TokenHealth> {
  const key = accountKeys(appId).token;
  const [generation, fetchedAt, expiresAt] = await redis.hmget(key, 'gen', 'at', 'until');
  if (!generation || !fetchedAt || !expiresAt) return { state: 'none' };
  if (Number(expiresAt) <= now) return { state: 'expired' };
  return {
    state: 'valid',
    generation: Number(generation),
    fetchedAt: Number(fetchedAt),
    expiresAt: Number(expiresAt),
  };
}
