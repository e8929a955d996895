import type { Job } from 'bullmq';
import {
  type DeadLetter,
  type DeadLetterQueue,
  deadLetterJobId,
  isDeadLetter,
  openDeadLetters,
} from '../shared/dead-letter.ts';
import { CourierError } from '../shared/errors.ts';
import type { StoredState } from '../shared/ledger/ledger.ts';
import { requireMessageId } from '../shared/message/message-id.ts';
import { DEAD_REASONS, type DeadReason } from '../shared/outcome.ts';
import type { RedisClient } from '../shared/redis.ts';
import type { OpenLanes } from './lanes.ts';

/** Every given field must match. */
export interface DeadLetterFilter {
  readonly appId?: string;
  readonly reason?: DeadReason;
  readonly errcode?: number;
  /** Only letters that died at or after this time, epoch milliseconds. */
  readonly since?: number;
  /** At most this many, newest first. Default 100. */
  readonly limit?: number;
}

/** The dead letters of all accounts. */
export interface DeadLetters {
  /**
   * Newest first.
   * @throws CourierError `ERR_INVALID_FILTER` for a reason that no letter can have
   */
  list(filter?: DeadLetterFilter): Promise<DeadLetter[]>;
  /** Null if this message is not a dead letter. */
  show(messageId: string): Promise<DeadLetter | null>;
  /**
   * Asks the workers to put the message back with a fresh attempt budget. Resolves once the
   * request is stored, to false if there is no such dead letter. A message that was in fact
   * sent is never sent again.
   */
  redrive(messageId: string): Promise<boolean>;
  /**
   * Deletes the dead letter and forgets the message, unless it went out after all: then its id
   * stays known. False if there is no such dead letter.
   */
  purge(messageId: string): Promise<boolean>;
}

/** Letters read in one go while filtering. */
const PAGE = 200;

/** Runs a piece of work against Redis, or says why it cannot. */
type Call = <Result>(work: () => Promise<Result>) => Promise<Result>;

export function openDeadLetterBox(
  redis: RedisClient,
  lanes: OpenLanes,
  call: Call,
): DeadLetters & { close(): Promise<void> } {
  let opened: DeadLetterQueue | undefined;
  const queue = () => (opened ??= openDeadLetters(redis, () => undefined));
  const find = (messageId: string) => lettersOf(queue(), lanes, messageId);
  return {
    list: (filter = {}) => listLetters(queue, filter, call),
    show: (messageId) => call(async () => (await find(messageId))[0]?.data ?? null),
    redrive: (messageId) =>
      call(async () => {
        const [job] = await find(messageId);
        if (!job) return false;
        // Somebody else may have redriven it between the look and this.
        return await job.retry('failed').then(
          () => true,
          async (error: unknown) => {
            if (await job.isFailed()) throw error;
            return false;
          },
        );
      }),
    purge: (messageId) =>
      call(async () => {
        const { appId, key } = requireMessageId(messageId);
        const ledger = lanes.ledger(appId);
        // Of a redrive that was not finished the letter is the only copy of the content.
        if (isOnItsWay((await ledger.read(key))?.state)) return false;
        const letters = await find(messageId);
        for (const letter of letters) await letter.remove();
        // Without a letter too: somebody may have removed it in the dashboard.
        const forgotten = await ledger.forget(key);
        return forgotten || letters.length > 0;
      }),
    close: async () => opened?.close(),
  };
}

async function listLetters(
  queue: () => DeadLetterQueue,
  filter: DeadLetterFilter,
  call: Call,
): Promise<DeadLetter[]> {
  checkReason(filter.reason);
  const limit = filter.limit ?? 100;
  const found: DeadLetter[] = [];
  for (let start = 0; found.length < limit; start += PAGE) {
    const page = await call(() => queue().getFailed(start, start + PAGE - 1));
    for (const { data } of page) {
      if (isDeadLetter(data) && matches(data, filter)) found.push(data);
    }
    if (page.length < PAGE) break;
  }
  return found.slice(0, limit);
}

/** Of a caller without types; "none found" would be the wrong answer to a typing error. */
function checkReason(reason: string | undefined): void {
  if (reason === undefined || DEAD_REASONS.some((known) => known === reason)) return;
  throw new CourierError(
    'ERR_INVALID_FILTER',
    `reason: expected one of ${DEAD_REASONS.join(', ')}, got "${reason.slice(0, 40)}".`,
  );
}

function matches(letter: DeadLetter, filter: DeadLetterFilter): boolean {
  return (
    (filter.appId === undefined || letter.appId === filter.appId) &&
    (filter.reason === undefined || letter.reason === filter.reason) &&
    (filter.errcode === undefined || letter.errcode === filter.errcode) &&
    (filter.since === undefined || letter.deadAt >= filter.since)
  );
}

function isOnItsWay(state: StoredState | undefined): boolean {
  return state === 'queued' || state === 'sending' || state === 'retrying';
}

/** The newest first: one from before a redrive may still be there. */
async function lettersOf(
  queue: DeadLetterQueue,
  lanes: OpenLanes,
  messageId: string,
): Promise<Job<DeadLetter>[]> {
  const { appId, key } = requireMessageId(messageId);
  const record = await lanes.ledger(appId).read(key);
  const letters: Job<DeadLetter>[] = [];
  for (let redrives = record?.redrives ?? 0; redrives >= 0; redrives -= 1) {
    const job = await queue.getJob(deadLetterJobId(messageId, redrives));
    if (job && (await job.isFailed())) letters.push(job);
  }
  return letters;
}
