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
      /** Who gave it: `stable_token`, `token` or `url`. */
      readonly source?: string;
    };

/**
 * WeChat allows 20 forced refreshes a day, 30 s apart (WeChat facts §1.3). They are meant for
 * leaked tokens, so we keep well below.
 */
export const FORCED_PER_DAY = 6;
export const FORCED_DAY_MS = 24 * 3_600_000;

export async function tokenHealth(
  redis: RedisClient,
  appId: string,
  now: number,
): Promise<TokenHealth> {
  const key = accountKeys(appId).token;
  const [generation, fetchedAt, expiresAt, source] = await redis.hmget(
    key,
    'gen',
    'at',
    'until',
    'source',
  );
  if (!generation || !fetchedAt || !expiresAt) return { state: 'none' };
  if (Number(expiresAt) <= now) return { state: 'expired' };
  return {
    state: 'valid',
    generation: Number(generation),
    fetchedAt: Number(fetchedAt),
    expiresAt: Number(expiresAt),
    ...(source && { source }),
  };
}

/** The times of the forced refreshes of the last 24 hours, epoch milliseconds, the latest last. */
export async function forcedRefreshes(
  redis: RedisClient,
  appId: string,
  now: number,
): Promise<readonly number[]> {
  const { tokenForced } = accountKeys(appId);
  return (await redis.zrangebyscore(tokenForced, now - FORCED_DAY_MS, '+inf')).map(Number);
}
