import type { LaneJob } from '../shared/lane.ts';
import type { LedgerRecord } from '../shared/ledger/ledger.ts';
import { requireMessageId } from '../shared/message/message-id.ts';
import type { Attempt, Kind } from '../shared/outcome.ts';
import { TIMINGS } from '../shared/timings.ts';
import type { KnownAccounts } from './accounts.ts';
import { type Doubt, openDoubts } from './doubts.ts';
import type { OpenLanes } from './lanes.ts';
import { type Resolved, resolveDoubt } from './resolution.ts';

/** A message of which nobody knows whether WeChat took it, with all that helps to find out. */
export interface UnknownMessage {
  readonly messageId: string;
  readonly appId: string;
  readonly kind: Kind;
  /** The caller's id, if it gave one. */
  readonly id?: string;
  readonly acceptedAt: number;
  /** Unknown since, epoch milliseconds. */
  readonly since: number;
  /** When it becomes a dead letter (`ambiguous`) unless somebody resolves it. */
  readonly diesAt: number;
  readonly redrives: number;
  readonly attempts: readonly Attempt[];
  /** What would be sent again; null when its job was removed from the lane. */
  readonly job: LaneJob | null;
}

/** Every given field must match. */
export interface UnknownFilter {
  readonly appId?: string;
  /** Of these accounts. Default all of this producer. */
  readonly appIds?: readonly string[];
  readonly kind?: Kind;
  /** Only messages that are unknown since this time or later, epoch milliseconds. */
  readonly since?: number;
  /** At most this many. Default 100. */
  readonly limit?: number;
}

export interface UnknownPage {
  readonly messages: readonly UnknownMessage[];
  readonly more: boolean;
}

/** The unknown messages of all accounts. */
export interface UnknownMessages {
  /** Oldest first: those that die next. Without `appId` of all accounts of this producer. */
  list(filter?: UnknownFilter): Promise<UnknownMessage[]>;
  /** The same for a page: where too many had to be looked at for it, `more` says that there may be more. */
  page(filter?: UnknownFilter): Promise<UnknownPage>;
  /** Null if this message is not unknown. */
  show(messageId: string): Promise<UnknownMessage | null>;
  /**
   * `sent`: a person knows that it arrived. `resend`: it is sent again with a fresh budget and
   * the same id, and may then have arrived twice; a template within ten minutes of its first
   * attempt may not.
   *
   * @param redrives how often it had been redriven when the person looked; a doubt that came
   * later, which nobody has seen, is left
   */
  resolve(messageId: string, as: 'sent' | 'resend', redrives?: number): Promise<Resolved>;
}

/** Messages read in one go. */
const CHUNK = 100;
const LIMIT = 100;

/** How much is looked at. */
interface Most {
  readonly keys: number;
  readonly records: number;
}
const EVERYTHING: Most = { keys: Number.POSITIVE_INFINITY, records: Number.POSITIVE_INFINITY };
/** Some hundred commands for the keys, and two for each record. */
const OF_A_PAGE: Most = { keys: 100_000, records: 1000 };

/** Runs a piece of work against Redis, or says why it cannot. */
type Call = <Result>(work: () => Promise<Result>) => Promise<Result>;

export function openUnknownMessages(
  accounts: KnownAccounts,
  lanes: OpenLanes,
  call: Call,
): UnknownMessages {
  async function look(filter: UnknownFilter, limit: number, most: Most): Promise<UnknownPage> {
    const { appId, appIds = appId === undefined ? accounts.all() : [appId] } = filter;
    const doubts = openDoubts(lanes, appIds, filter, most.keys);
    const messages: UnknownMessage[] = [];
    let read = 0;
    while (messages.length < limit && read < most.records) {
      const wanted = Math.min(CHUNK, limit - messages.length, most.records - read);
      const chunk = await call(() => doubts.take(wanted));
      messages.push(...(await call(() => readAll(lanes, chunk, filter))));
      read += chunk.length;
      if (chunk.length < wanted) return { messages, more: doubts.isCut() };
    }
    return { messages, more: true };
  }

  return {
    async list(filter = {}) {
      const { messages } = await look(filter, filter.limit ?? LIMIT, EVERYTHING);
      return [...messages];
    },
    async page(filter = {}) {
      const limit = filter.limit ?? LIMIT;
      const { messages, more } = await look(filter, limit + 1, OF_A_PAGE);
      return { messages: messages.slice(0, limit), more };
    },
    async show(messageId) {
      const { appId, key } = requireMessageId(messageId);
      return await call(() => readOne(lanes, appId, key));
    },
    async resolve(messageId, as, redrives) {
      const { appId, key } = requireMessageId(messageId);
      return await call(() => resolveDoubt(lanes, { appId, key, redrives }, as));
    },
  };
}

async function readAll(
  lanes: OpenLanes,
  doubts: readonly Doubt[],
  filter: UnknownFilter,
): Promise<UnknownMessage[]> {
  const read = await Promise.all(doubts.map(({ appId, key }) => readOne(lanes, appId, key)));
  return read.filter((message) => message !== null).filter((message) => matches(message, filter));
}

function matches({ kind, since }: UnknownMessage, filter: UnknownFilter): boolean {
  return (
    (filter.kind === undefined || filter.kind === kind) &&
    (filter.since === undefined || since >= filter.since)
  );
}

async function readOne(
  lanes: OpenLanes,
  appId: string,
  key: string,
): Promise<UnknownMessage | null> {
  const record = await lanes.record(appId, key);
  if (record?.state !== 'unknown') return null;
  const job = await lanes.lane(appId, record.kind).getJob(key);
  return describe(`${appId}.${key}`, appId, record, job?.data ?? null);
}

function describe(
  messageId: string,
  appId: string,
  record: LedgerRecord,
  job: LaneJob | null,
): UnknownMessage {
  const { kind, acceptedAt, redrives, attempts } = record;
  const since = record.endedAt ?? acceptedAt;
  return {
    messageId,
    appId,
    kind,
    ...(job?.id !== undefined && { id: job.id }),
    acceptedAt,
    since,
    diesAt: since + TIMINGS.unknownMs,
    redrives,
    attempts,
    job,
  };
}
