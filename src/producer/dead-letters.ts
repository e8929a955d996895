import type { Job } from 'bullmq';
import {
  type DeadLetter,
  type DeadLetterQueue,
  deadLetterJobId,
  readLetter,
  openDeadLetters,
} from '../shared/dead-letter.ts';
import type { StoredState } from '../shared/ledger/ledger.ts';
import { requireMessageId } from '../shared/message/message-id.ts';
import { loadScript } from '../shared/redis-script.ts';
import type { RedisClient } from '../shared/redis.ts';
import type { OpenLanes } from './lanes.ts';
import { allLetters, type DeadLetterFilter, letterPage, type LetterPage } from './letter-pages.ts';

/** The dead letters of all accounts. */
export interface DeadLetters {
  /**
   * Newest first.
   * @throws CourierError `ERR_INVALID_FILTER` for a reason that no letter can have
   */
  list(filter?: DeadLetterFilter): Promise<DeadLetter[]>;
  /**
   * As `list`, with a cursor to go on from. Letters that die meanwhile come before the first page.
   * @throws CourierError `ERR_INVALID_FILTER`, also for a cursor that no page gave
   */
  page(filter?: DeadLetterFilter): Promise<LetterPage>;
  /** Null if this message is not a dead letter. */
  show(messageId: string): Promise<DeadLetter | null>;
  /**
   * Asks the workers to put the message back with a fresh attempt budget. Resolves once the
   * request is stored, to false if there is no such dead letter. A message that is known to
   * have been sent is never sent again; one that died `ambiguous` may have arrived, and is.
   *
   * @param until only if it died before this time, epoch milliseconds
   */
  redrive(messageId: string, until?: number): Promise<boolean>;
  /**
   * Deletes the dead letter and forgets the message, unless it went out after all: then its id
   * stays known. False if there is no such dead letter, or if it is on its way back already.
   *
   * @param until only if it died before this time, epoch milliseconds
   */
  purge(messageId: string, until?: number): Promise<boolean>;
}

/** Runs a piece of work against Redis, or says why it cannot. */
type Call = <Result>(work: () => Promise<Result>) => Promise<Result>;

export function openDeadLetterBox(
  redis: RedisClient,
  lanes: OpenLanes,
  call: Call,
): DeadLetters & { close(): Promise<void> } {
  let opened: DeadLetterQueue | undefined;
  const queue = () => (opened ??= openDeadLetters(redis, () => undefined));
  const source = { redis, queue, call };
  const find = async (messageId: string) =>
    (await jobsOf(queue(), lanes, messageId)).flatMap(({ job, failed }) => (failed ? [job] : []));
  return {
    list: (filter = {}) => allLetters(source, filter),
    page: (filter = {}) => letterPage(source, filter),
    show: (messageId) => call(async () => readLetter((await find(messageId))[0]?.data)),
    redrive: (messageId, until) =>
      call(async () => {
        const [job] = await find(messageId);
        if (!job || !diedBefore(job, until)) return false;
        // Somebody else may have redriven it between the look and this.
        return await job.retry('failed').then(
          () => true,
          async (error: unknown) => {
            if (await job.isFailed()) throw error;
            return false;
          },
        );
      }),
    purge: (messageId, until) =>
      call(async () => {
        const { appId, key } = requireMessageId(messageId);
        const ledger = lanes.ledger(appId);
        // Of a redrive that was not finished the letter is the only copy of the content.
        if (isOnItsWay((await ledger.read(key))?.state)) return false;
        const letters = await jobsOf(queue(), lanes, messageId);
        // Its redrive was asked for, and would put back what is forgotten here.
        if (letters.some(({ failed }) => !failed)) return false;
        // It died anew since somebody looked, or is gone already.
        if (until !== undefined && !letters.every(({ job }) => diedBefore(job, until)))
          return false;
        for (const { job } of letters) if (!(await isRemoved(redis, queue(), job))) return false;
        // Without a letter too: somebody may have removed it in the dashboard.
        if (await ledger.forget(key)) return true;
        return letters.length > 0 && !isOnItsWay((await ledger.read(key))?.state);
      }),
    close: async () => opened?.close(),
  };
}

function isOnItsWay(state: StoredState | undefined): boolean {
  return state === 'queued' || state === 'sending' || state === 'retrying';
}

function diedBefore({ data }: Job<DeadLetter>, until = Number.POSITIVE_INFINITY): boolean {
  return data.deadAt < until;
}

const removal = loadScript(new URL('./remove-letter.lua', import.meta.url));

/**
 * False if its redrive has been asked for: BullMQ's own removal takes a job in any state, and the
 * message would be gone although both were answered with yes.
 */
async function isRemoved(
  redis: RedisClient,
  queue: DeadLetterQueue,
  { id = '' }: Job<DeadLetter>,
): Promise<boolean> {
  const keys = [queue.toKey('failed'), queue.toKey(id), queue.toKey(`${id}:logs`)];
  return (await removal.run(redis, keys, [id])) === 1;
}

interface LetterJob {
  readonly job: Job<DeadLetter>;
  /** A dead letter; otherwise its redrive was asked for, or it has just been written. */
  readonly failed: boolean;
}

/** The newest first: one from before a redrive may still be there. */
async function jobsOf(
  queue: DeadLetterQueue,
  lanes: OpenLanes,
  messageId: string,
): Promise<LetterJob[]> {
  const { appId, key } = requireMessageId(messageId);
  const record = await lanes.record(appId, key);
  const jobs: LetterJob[] = [];
  for (let redrives = record?.redrives ?? 0; redrives >= 0; redrives -= 1) {
    const job = await queue.getJob(deadLetterJobId(messageId, redrives));
    if (job) jobs.push({ job, failed: await job.isFailed() });
  }
  return jobs;
}
