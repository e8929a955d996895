import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import type { AccountOverview } from '../shared/account-control.ts';
import type { DeadLetterQueue } from '../shared/dead-letter.ts';
import { laneName } from '../shared/keys.ts';
import type { LaneQueue } from '../shared/lane.ts';
import type { Kind } from '../shared/outcome.ts';
import { maskedJob, nameOf } from './masked-job.ts';

export interface BoardLane {
  readonly appId: string;
  readonly kind: Kind;
  readonly queue: LaneQueue;
}

/** Where the numbers of all lanes are read at once. */
export interface LaneReadings {
  all(): Promise<{ readonly accounts: readonly AccountOverview[] }>;
}

const DEAD_LETTERS_ARE = 'Messages that will not be sent unless somebody acts';
/** A hundred thousand jobs at once would take a gigabyte, and block the process for seconds. */
const MOST_AT_ONCE = 100;

/** A queue of which nobody gets more than a page, whatever they ask for. */
class PagedAdapter extends BullMQAdapter {
  override getJobs(...[states, start = 0, end = -1]: Parameters<BullMQAdapter['getJobs']>) {
    const last = start + MOST_AT_ONCE - 1;
    return super.getJobs(states, start, end < 0 ? last : Math.min(end, last));
  }
}

/**
 * A lane whose numbers come from the reading that the overview shows, too: asking for each lane
 * by itself costs Redis some two hundred commands a second with a hundred lanes.
 */
class LaneAdapter extends PagedAdapter {
  readonly #lane: BoardLane;
  readonly #readings: LaneReadings;

  constructor(lane: BoardLane, readings: LaneReadings) {
    const options = optionsOf(lane.queue.name, laneName(lane.appId, lane.kind));
    // What failed here is of unknown outcome: the ledger keeps a retry from sending it.
    super(lane.queue, { ...options, allowRetries: false });
    this.#lane = lane;
    this.#readings = readings;
  }
  async #overview() {
    const { appId, kind } = this.#lane;
    const { accounts } = await this.#readings.all();
    const account = accounts.find((one) => one.appId === appId);
    return account?.lanes.find((lane) => lane.kind === kind);
  }
  override async getJobCounts() {
    const seen = await this.#overview();
    // An account that was added after the reading.
    if (!seen) return await super.getJobCounts();
    const { waiting, prioritized, delayed, active, parked, completed } = seen;
    return {
      waiting: waiting - prioritized,
      prioritized,
      delayed,
      active,
      failed: parked,
      completed,
      'waiting-children': 0,
    };
  }
  override async isPaused() {
    return (await this.#overview())?.paused ?? (await super.isPaused());
  }
  override get supportsGlobalRateLimit() {
    return false;
  }
  override getGlobalConcurrency() {
    return Promise.resolve(null);
  }
  override getActiveRateLimitTtl() {
    return Promise.resolve(0);
  }
  override getJobSchedulersCount() {
    return Promise.resolve(0);
  }
}

export function shownLetters(queue: DeadLetterQueue): BullMQAdapter {
  return dressed(new PagedAdapter(queue, optionsOf(queue.name, DEAD_LETTERS_ARE)));
}

export function shownLane(lane: BoardLane, readings: LaneReadings): BullMQAdapter {
  return dressed(new LaneAdapter(lane, readings));
}

function optionsOf(queueName: string, description: string) {
  return {
    delimiter: '.',
    // It would be sent twice.
    allowCompletedRetries: false,
    description,
    externalJobUrl: ({ id }: { id?: string | number | null | undefined }) => ({
      displayText: 'Message',
      href: `/message?q=${messageOf(queueName, id)}`,
    }),
  };
}

function dressed(adapter: BullMQAdapter): BullMQAdapter {
  adapter.setFormatter('data', maskedJob);
  adapter.setFormatter('name', nameOf);
  return adapter;
}

/** A dead letter's id is the message's, perhaps with a number; a lane's job has its second half. */
function messageOf(queueName: string, jobId: unknown): string {
  const id = typeof jobId === 'string' ? jobId : '';
  const [appId = ''] = queueName.split('.');
  const messageId = queueName.includes('.') ? `${appId}.${id}` : id.replace(/\.\d+$/, '');
  return encodeURIComponent(messageId);
}
