import { accountKeys } from '../../shared/keys.ts';
import type { TokenSource } from '../../shared/accounts.ts';
import type { RedisClient } from '../../shared/redis.ts';
import { FORCED_DAY_MS, FORCED_PER_DAY } from '../../shared/token-health.ts';
import { loadScript } from '../../shared/redis-script.ts';
import type { TokenSeal } from './seal.ts';

/** A token as all workers share it. */
export interface SharedToken {
  readonly token: string;
  /** Changes with every new token. A failure names the generation it used. */
  readonly generation: string;
  readonly fetchedAt: number;
  readonly expiresAt: number;
}

export type Claim =
  | { readonly kind: 'fresh' }
  | { readonly kind: 'claimed' }
  /** Somebody is fetching one; should it die, its claim ends after `ms`. */
  | { readonly kind: 'wait'; readonly ms: number }
  /** Fetching failed, and nobody may try again for `ms`. */
  | { readonly kind: 'resting'; readonly ms: number };

/** The one place an account's token is kept, with the lock that makes one worker renew it. */
export interface TokenStore {
  read(): Promise<{ generation: string; current: SharedToken | null }>;
  claim(badGeneration: string, owner: string): Promise<Claim>;
  /** Null if somebody else stored a token meanwhile. */
  publish(fetched: FetchedToken, replaces: string, owner: string): Promise<SharedToken | null>;
  /** Keeps everybody from fetching for a while, after the endpoint failed. */
  backOff(ms: number): Promise<void>;
  /** For how many ms WeChat is known to refuse the token of this generation and hand it out again. */
  doubtedFor(generation: string): Promise<number | null>;
  doubt(generation: string): Promise<void>;
  /** True for the first of all processes that notices the conflict of this generation. */
  firstConflict(generation: string): Promise<boolean>;
  /** Counts a token that WeChat refused before its time; how many there were within a minute. */
  countRefusal(): Promise<number>;
  /**
   * Books a forced refresh if the budget allows one. One that nobody confirmed while a lock lasts
   * belonged to a process that died, and may be made by another at once.
   */
  bookForcedRefresh(now: number): Promise<boolean>;
  /** The one that was booked has been asked for. */
  confirmForcedRefresh(): Promise<void>;
}

export interface FetchedToken {
  readonly token: string;
  readonly fetchedAt: number;
  readonly expiresAt: number;
}

const scripts = {
  claim: loadScript(new URL('./claim.lua', import.meta.url)),
  publish: loadScript(new URL('./publish.lua', import.meta.url)),
};

/** Longer than a fetch may take (3 s), so that a slow holder does not meet a second one. */
const LOCK_MS = 5000;
/** Holds the lock when nobody does; claim.lua knows it too. */
const RESTING = 'resting';

const FORCED_GAP_MS = 60_000;
/** A refusal that comes later than this after the last is another story. */
const DOUBT_MS = 60_000;
const REFUSALS_MS = 60_000;

export function createTokenStore(
  redis: RedisClient,
  appId: string,
  seal: TokenSeal,
  source: TokenSource['kind'],
): TokenStore {
  const keys = accountKeys(appId);
  return {
    async read() {
      const record = await redis.hgetall(keys.token);
      const generation = record['gen'] ?? '0';
      const token = record['sealed'] === undefined ? null : seal.open(record['sealed']);
      if (token === null) return { generation, current: null };
      const fetchedAt = Number(record['at']);
      const expiresAt = Number(record['until']);
      return { generation, current: { token, generation, fetchedAt, expiresAt } };
    },
    async claim(badGeneration, owner) {
      const args = [badGeneration, owner, LOCK_MS];
      const reply = await scripts.claim.run(redis, [keys.token, keys.tokenLock], args);
      const [answer, ms] = Array.isArray(reply) ? reply : [];
      if (answer === 'FRESH') return { kind: 'fresh' };
      if (answer === 'CLAIMED') return { kind: 'claimed' };
      return { kind: answer === 'RESTING' ? 'resting' : 'wait', ms: Number(ms) };
    },
    async publish(fetched, replaces, owner) {
      const { token, fetchedAt, expiresAt } = fetched;
      const args = [replaces, owner, seal.seal(token), fetchedAt, expiresAt, source];
      const reply = await scripts.publish.run(redis, [keys.token, keys.tokenLock], args);
      if (!Array.isArray(reply) || reply[0] !== 'STORED') return null;
      return { ...fetched, generation: String(reply[1]) };
    },
    async backOff(ms) {
      await redis.set(keys.tokenLock, RESTING, 'PX', Math.max(1, Math.round(ms)));
    },
    async doubtedFor(generation) {
      const left = await redis.pttl(keys.tokenDoubt(generation));
      return left < 0 ? null : DOUBT_MS - left;
    },
    async doubt(generation) {
      await redis.set(keys.tokenDoubt(generation), '1', 'PX', DOUBT_MS, 'NX');
    },
    async firstConflict(generation) {
      const key = keys.tokenConflict(generation);
      return (await redis.set(key, '1', 'PX', FORCED_DAY_MS, 'NX')) === 'OK';
    },
    async countRefusal() {
      const count = await redis.incr(keys.tokenRefusals);
      if (count === 1) await redis.pexpire(keys.tokenRefusals, REFUSALS_MS);
      return count;
    },
    async bookForcedRefresh(now) {
      await redis.zremrangebyscore(keys.tokenForced, '-inf', now - FORCED_DAY_MS);
      const [, last] = await redis.zrange(keys.tokenForced, '-1', '-1', 'WITHSCORES');
      const used = await redis.zcard(keys.tokenForced);
      if (used >= FORCED_PER_DAY) return false;
      const sinceLast = now - Number(last ?? '-Infinity');
      if (sinceLast < FORCED_GAP_MS) {
        const unmade = (await redis.exists(keys.tokenForcing)) === 1;
        if (!unmade || sinceLast < LOCK_MS) return false;
      }
      await redis.set(keys.tokenForcing, '1', 'PX', FORCED_GAP_MS);
      await redis.zadd(keys.tokenForced, now, String(now));
      await redis.pexpire(keys.tokenForced, FORCED_DAY_MS);
      return true;
    },
    async confirmForcedRefresh() {
      await redis.del(keys.tokenForcing);
    },
  };
}
