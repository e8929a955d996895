import { Job, Queue } from 'bullmq';
import { laneName, lanePrefix } from './keys.ts';
import type { Envelope } from './message/envelope.ts';
import type { Kind } from './outcome.ts';
import type { RedisClient } from './redis.ts';
import { loadScript } from './redis-script.ts';

/**
 * A job in a lane. The lane's name says account and kind, the job's id is the second part of
 * the message id; what remains is what must survive until the message is sent.
 */
export interface LaneJob {
  /** WeChat's own request body, `client_msg_id` not yet added. */
  readonly message: Record<string, unknown>;
  /** The caller's id, so that a person can find an order in the dashboard. */
  readonly id?: string;
  /** Epoch ms after which it must not be sent. */
  readonly expiresAt?: number;
  readonly onAmbiguous?: 'resend';
  /** Where its sender was in its trace; a redrive goes on from there, too. */
  readonly traceparent?: string;
}

/** What BullMQ keeps of a finished job: how it ended, for people who look. */
export interface LaneResult {
  readonly state: string;
  readonly wechatMsgId?: string;
}

/**
 * BullMQ stores a job's id a second time, within its options. The key has it already, so it is
 * left out: 32 bytes of Redis for every waiting message.
 */
class SlimJob extends Job<LaneJob, LaneResult> {
  override asJSON(): ReturnType<Job['asJSON']> {
    const json = super.asJSON();
    const { jobId: _, ...opts } = json.opts;
    return { ...json, opts };
  }
}

const resumed = loadScript(new URL('./resumed.lua', import.meta.url));

class SlimQueue extends Queue<LaneJob, LaneResult> {
  protected override get Job(): typeof Job {
    return SlimJob as typeof Job;
  }

  /** Whoever resumes, Bull Board included: what waits has waited for that, not for workers. */
  override async resume(): Promise<void> {
    await super.resume();
    await resumed.run(this.opts.connection as RedisClient, [this.toKey('meta')], []);
  }
}

export type LaneQueue = Queue<LaneJob, LaneResult>;

/** Opens the queue of one account and kind. Errors go to `onError`; they never throw. */
export function openLane(
  redis: RedisClient,
  appId: string,
  kind: Kind,
  onError: (error: Error) => void,
): LaneQueue {
  const lane: LaneQueue = new SlimQueue(laneName(appId, kind), {
    connection: redis,
    prefix: lanePrefix(appId),
    skipVersionCheck: true,
    streams: { events: { maxLen: 1000 } },
  });
  lane.on('error', onError);
  return lane;
}

/**
 * A job is run again after an error that is not its own (its completion could not be written,
 * say); the ledger makes that harmless. Our own retries are counted there, never here.
 */
const RUNS_DESPITE_ERRORS = 50;

/** Job data and options of a message; `messageKey` is the second part of its id. */
export function toLaneJob(messageKey: string, envelope: Envelope, now: number) {
  const { message, id, expiresAt, onAmbiguous, traceparent, sendAt, priority, kind } = envelope;
  const data: LaneJob = {
    message,
    ...(id !== undefined && { id }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(onAmbiguous === 'resend' && { onAmbiguous }),
    ...(traceparent !== undefined && { traceparent }),
  };
  const delay = sendAt === undefined ? 0 : Math.max(0, sendAt - now);
  return {
    name: kind,
    data,
    opts: { ...laneJobOptions(messageKey), ...PRIORITIES[priority], ...(delay > 0 && { delay }) },
  };
}

/** Options every lane job has. */
export function laneJobOptions(messageKey: string) {
  return { jobId: messageKey, attempts: RUNS_DESPITE_ERRORS };
}

/**
 * `normal` waits in a plain list, the cheapest place Redis has; `high` goes to its head, `low`
 * to the prioritized set that is served when the list is empty (docs/decisions/0004).
 */
const PRIORITIES = {
  high: { lifo: true },
  normal: {},
  low: { priority: 10 },
} as const;
