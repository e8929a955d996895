import type { Clock, Random } from '../../shared/clock.ts';
import { explainErrcode } from '../../shared/errcodes/errcode.ts';
import { accountKeys } from '../../shared/keys.ts';
import type { LaneQueue } from '../../shared/lane.ts';
import type { Logger } from '../../shared/logger.ts';
import type { Kind } from '../../shared/outcome.ts';
import type { RedisClient } from '../../shared/redis.ts';
import { loadScript } from '../../shared/redis-script.ts';
import { LONGEST_RAMP_MS, type SleepCause } from '../decide/pace.ts';
import { untilQuotaReset } from '../decide/quota-reset.ts';
import type { LanePace } from './lane-pace.ts';

/** Lets one lane sleep in all processes at once; other lanes do not notice. */
export interface LaneSleep {
  sleep(cause: SleepCause, why: SleepReason): Promise<void>;
}

export interface SleepReason {
  readonly detail: string;
  readonly errcode?: number | undefined;
  /** So long and no longer, however often; without it the cause decides, and repetition doubles. */
  readonly exactlyMs?: number | undefined;
}

export interface LaneSleepDeps {
  readonly redis: RedisClient;
  readonly queue: LaneQueue;
  readonly pace: Pick<LanePace, 'apply'>;
  readonly appId: string;
  readonly kind: Kind;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

const script = loadScript(new URL('./sleep.lua', import.meta.url));

/** How long the first time in ms, and how long at most while it repeats and doubles. */
interface Step {
  readonly first: number;
  readonly most: number;
}

/** After 45011: 5 s, doubling to 60 s while it repeats. Tokens come back sooner. */
const STEPS: Record<Exclude<SleepCause, 'quota'>, Step> = {
  'rate-limit': { first: 5000, most: 60_000 },
  token: { first: 1000, most: 30_000 },
  permission: { first: 60_000, most: 600_000 },
  // Short, since nobody says when it is over.
  outage: { first: 2000, most: 10_000 },
};
/** Trouble this soon after waking is the same trouble. */
const REPETITION_MS = 60_000;
/** So long after waking the sleep is still looked at. */
const KEPT_MS = Math.max(REPETITION_MS, LONGEST_RAMP_MS);

export function createLaneSleep(deps: LaneSleepDeps): LaneSleep {
  const { redis, queue, pace, appId, kind, clock, random, logger } = deps;
  function stepOf(cause: SleepCause, exactlyMs: number | undefined): Step {
    if (cause === 'quota') return always(untilQuotaReset(clock.now(), random));
    return exactlyMs === undefined ? STEPS[cause] : always(exactlyMs);
  }

  return {
    async sleep(cause, { detail, errcode, exactlyMs }) {
      const { first, most } = stepOf(cause, exactlyMs);
      const key = accountKeys(appId).sleep(kind);
      const reply = await script.run(redis, [key], [first, most, REPETITION_MS, cause, KEPT_MS]);
      const [ms, began] = Array.isArray(reply) ? reply.map(String) : ['1000', 'started'];
      // BullMQ's own limiter key is what makes every worker of this lane wait.
      await queue.rateLimit(Number(ms));
      if (began === 'asleep') return;
      await pace.apply();
      const line = { appId, kind, cause, detail, sleepMs: Number(ms) };
      if (cause === 'permission' && began === 'started') alarm(logger, line, errcode ?? 0);
      else logger.warn(line, 'lane sleeps');
    },
  };
}

/** Only a person can help, so it is said once and loudly, with the remedy. */
function alarm(logger: Logger, line: { appId: string; kind: Kind }, errcode: number): void {
  const { meaning, advice } = explainErrcode(errcode);
  logger.error(
    { code: 'lane-refused', ...line, errcode, meaning, remedy: advice },
    `WeChat refuses the ${line.kind} messages of ${line.appId}, they wait: ${meaning} ${advice}`,
  );
}

function always(ms: number): Step {
  return { first: ms, most: ms };
}
