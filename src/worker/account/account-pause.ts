import type { Clock } from '../../shared/clock.ts';
import { explainErrcode, lookupErrcode } from '../../shared/errcodes/errcode.ts';
import { accountKeys } from '../../shared/keys.ts';
import type { LaneQueue } from '../../shared/lane.ts';
import type { Logger } from '../../shared/logger.ts';
import type { RedisClient } from '../../shared/redis.ts';

/** Pauses and resumes one account: both its lanes, in all processes, visible in Bull Board. */
export interface AccountPause {
  /** Says so once, loudly, with the remedy; the account's messages wait, none spends an attempt. */
  pause(errcode: number, errmsg: string): Promise<void>;
  /** Claims the probe of an account whose pause is due for one; false if there is none to do. */
  claimProbe(): Promise<boolean>;
  /** The probe went well. */
  resume(): Promise<void>;
  /** The probe went badly: the next one comes later. */
  postpone(): Promise<void>;
}

export interface AccountPauseDeps {
  readonly redis: RedisClient;
  readonly appId: string;
  readonly lanes: readonly LaneQueue[];
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Whitelist edits take some five minutes to apply (WeChat facts §1.5), so a minute is soon. */
const FIRST_PROBE_MS = 60_000;
const LAST_PROBE_MS = 600_000;
/** A resumed account that fails again this soon is still the same trouble. */
const PROBATION_MS = 1_800_000;

export function createAccountPause(deps: AccountPauseDeps): AccountPause {
  const { redis, appId, lanes, clock, logger } = deps;
  const key = accountKeys(appId).pause;

  async function pauseLanes(): Promise<void> {
    await Promise.all(lanes.map((lane) => lane.pause()));
  }

  /** Waits longer each time the same trouble comes back. */
  async function scheduleProbe(errcode: number): Promise<number> {
    const probes = await redis.hincrby(key, 'probes', 1);
    const doubled = Math.min(FIRST_PROBE_MS * 2 ** (probes - 1), LAST_PROBE_MS);
    // For some codes WeChat itself says when to come back.
    const wait = lookupErrcode(errcode)?.reprobeMs ?? doubled;
    await redis.hset(key, 'probeAt', clock.now() + wait);
    return wait;
  }

  return {
    async pause(errcode, errmsg) {
      await redis.hsetnx(key, 'since', clock.now());
      // Every time, not only the first: a crash in between, or somebody who resumed the lanes by
      // hand, must not leave messages running against the same wall.
      if ((await redis.hget(key, 'cause')) === 'operator') return await pauseLanes();
      await redis.hset(key, 'cause', 'wechat', 'errcode', errcode, 'errmsg', errmsg);
      await redis.persist(key);
      await pauseLanes();
      // Once for each pause, and not by its first line: one that died on its way here must not
      // leave the account without a probe.
      const planned = await redis.hsetnx(key, 'probeAt', clock.now() + FIRST_PROBE_MS);
      if (planned === 0) return;
      const probeInMs = await scheduleProbe(errcode);
      const { meaning, advice } = explainErrcode(errcode);
      logger.error(
        { code: 'account-paused', appId, errcode, errmsg, meaning, remedy: advice, probeInMs },
        `Account ${appId} is paused, its messages wait: ${meaning} ${advice}`,
      );
    },
    async claimProbe() {
      const [cause, since, probeAt] = await redis.hmget(key, 'cause', 'since', 'probeAt');
      if (!since || cause !== 'wechat' || !probeAt || Number(probeAt) > clock.now()) return false;
      const claimed = await redis.set(`${key}:probe`, '1', 'PX', 15_000, 'NX');
      return claimed === 'OK';
    },
    async resume() {
      // An operator may have paused the account while the probe was under way.
      if ((await redis.hget(key, 'cause')) !== 'wechat') return;
      // The lanes first: should this process die in between, the account is probed again.
      await Promise.all(lanes.map((lane) => lane.resume()));
      await redis.hdel(key, 'since', 'probeAt');
      await redis.pexpire(key, PROBATION_MS);
      logger.warn({ appId }, `Account ${appId} is resumed: WeChat gave it a token`);
    },
    async postpone() {
      const errcode = Number(await redis.hget(key, 'errcode'));
      const probeInMs = await scheduleProbe(errcode);
      logger.warn({ appId, errcode, probeInMs }, `Account ${appId} stays paused`);
    },
  };
}
