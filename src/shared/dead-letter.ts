import { Queue } from 'bullmq';
import { DEAD_LETTER_PREFIX, DEAD_LETTER_QUEUE } from './keys.ts';
import type { LaneJob } from './lane.ts';
import { parseMessageId } from './message/message-id.ts';
import { type Attempt, DEAD_REASONS, type DeadReason, type Kind, KINDS } from './outcome.ts';
import type { RedisClient } from './redis.ts';

/** A message that will not be sent unless a person redrives it, with all a person needs. */
export interface DeadLetter {
  readonly messageId: string;
  readonly appId: string;
  readonly kind: Kind;
  /** The caller's id, if it gave one. */
  readonly id?: string;
  readonly reason: DeadReason;
  readonly errcode?: number;
  /** WeChat's text without its request id, or what was wrong with the job. */
  readonly detail?: string;
  /** WeChat's request id: the key to `rid/get`, good for 7 days. */
  readonly rid?: string;
  readonly acceptedAt: number;
  readonly deadAt: number;
  readonly redrives: number;
  readonly attempts: readonly Attempt[];
  /** What a redrive puts back; null when the job was gone before it could be copied. */
  readonly job: LaneJob | null;
}

export type DeadLetterQueue = Queue<DeadLetter>;

/** Opens the queue that lists dead letters of all accounts as failed jobs. */
export function openDeadLetters(
  redis: RedisClient,
  onError: (error: Error) => void,
): DeadLetterQueue {
  const queue: DeadLetterQueue = new Queue(DEAD_LETTER_QUEUE, {
    connection: redis,
    prefix: DEAD_LETTER_PREFIX,
    skipVersionCheck: true,
  });
  queue.on('error', onError);
  return queue;
}

/**
 * Id of the dead-letter job: derived, so that adding it twice is adding it once, and different
 * after each redrive, so that a message that dies again while its redrive is still being
 * booked does not vanish with the old job.
 */
export function deadLetterJobId(messageId: string, redrives: number): string {
  return redrives === 0 ? messageId : `${messageId}.${redrives}`;
}

/** Reasons of messages that their customers may have, or that end whoever sends them. */
const DOUBTFUL: readonly DeadReason[] = ['ambiguous', 'poison'];

/** Not to be sent again with many others: somebody must have looked at it. */
export function isDoubtful({ reason }: Pick<DeadLetter, 'reason'>): boolean {
  return DOUBTFUL.includes(reason);
}

/** Tells our letters from jobs that somebody else put into the queue; by hand, as there are many. */
export function isDeadLetter(data: unknown): data is DeadLetter {
  if (!isRecord(data)) return false;
  const { messageId, appId, kind, reason, attempts } = data;
  return (
    typeof messageId === 'string' &&
    parseMessageId(messageId)?.appId === appId &&
    KINDS.some((known) => known === kind) &&
    DEAD_REASONS.some((known) => known === reason) &&
    [data['id'], data['detail'], data['rid']].every(isTextOrAbsent) &&
    (data['errcode'] === undefined || Number.isSafeInteger(data['errcode'])) &&
    [data['acceptedAt'], data['deadAt'], data['redrives']].every(Number.isFinite) &&
    Array.isArray(attempts) &&
    attempts.every(isRecord)
  );
}

/** For people: content that no message can have is none. Null for what is no letter of ours. */
export function readLetter(data: unknown): DeadLetter | null {
  if (!isDeadLetter(data)) return null;
  const job: unknown = data.job;
  const hasContent = isRecord(job) && isRecord(job['message']);
  return hasContent ? data : { ...data, job: null };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTextOrAbsent(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}

/** The failed reason people read first: errcode, our reason, the words. */
export function deadLetterTitle(letter: DeadLetter): string {
  const head = letter.errcode === undefined ? letter.reason : `${letter.errcode} ${letter.reason}`;
  return letter.detail ? `${head}: ${letter.detail}` : head;
}
