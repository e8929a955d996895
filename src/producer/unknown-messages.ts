import type { LaneJob } from '../shared/lane.ts';
import type { LedgerRecord, StoredState } from '../shared/ledger/ledger.ts';
import { requireMessageId } from '../shared/message/message-id.ts';
import type { Attempt, Kind } from '../shared/outcome.ts';
import { TIMINGS } from '../shared/timings.ts';
import type { KnownAccounts } from './accounts.ts';
import type { OpenLanes } from './lanes.ts';

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
  readonly kind?: Kind;
  /** Only messages that are unknown since this time or later, epoch milliseconds. */
  readonly since?: number;
  /** At most this many. Default 100. */
  readonly limit?: number;
}

/**
 * All but `resolved` changed nothing. `not-unknown`: its state is another one. `stale`: it was sent
 * again since, and is unknown anew. `content-gone`: it cannot be sent again since its job was
 * removed. `in-lane`: its job waits or runs, since somebody retried it in Bull Board; a worker puts
 * it aside again, and then it can be sent again.
 */
export type Resolved =
  | { readonly kind: 'resolved' }
  | { readonly kind: 'not-unknown'; readonly state: StoredState | null }
  | { readonly kind: 'stale' }
  | { readonly kind: 'content-gone' }
  | { readonly kind: 'in-lane' };

/** The unknown messages of all accounts. */
export interface UnknownMessages {
  /** Oldest first: those that die next. Without `appId` of all accounts of this producer. */
  list(filter?: UnknownFilter): Promise<UnknownMessage[]>;
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

/** Messages read in one go while filtering. */
const PAGE = 100;

/** Runs a piece of work against Redis, or says why it cannot. */
type Call = <Result>(work: () => Promise<Result>) => Promise<Result>;

export function openUnknownMessages(
  accounts: KnownAccounts,
  lanes: OpenLanes,
  call: Call,
): UnknownMessages {
  return {
    async list(filter = {}) {
      const limit = filter.limit ?? 100;
      const appIds = filter.appId === undefined ? accounts.all() : [filter.appId];
      const found: UnknownMessage[] = [];
      for (const appId of appIds) {
        found.push(...(await listOfAccount(lanes, appId, { ...filter, limit }, call)));
      }
      return found.toSorted((left, right) => left.since - right.since).slice(0, limit);
    },
    async show(messageId) {
      const { appId, key } = requireMessageId(messageId);
      return await call(() => read(lanes, appId, key));
    },
    async resolve(messageId, as, redrives) {
      const { appId, key } = requireMessageId(messageId);
      const doubt = { appId, key, redrives };
      return await call(() => (as === 'sent' ? settle : resend)(lanes, doubt));
    },
  };
}

async function listOfAccount(
  lanes: OpenLanes,
  appId: string,
  filter: UnknownFilter & { readonly limit: number },
  call: Call,
): Promise<UnknownMessage[]> {
  const found: UnknownMessage[] = [];
  for (let start = 0; found.length < filter.limit; start += PAGE) {
    const keys = await call(() => lanes.ledger(appId).unknown(0, start, PAGE));
    const page = await call(() => Promise.all(keys.map((key) => read(lanes, appId, key))));
    for (const message of page) if (message && matches(message, filter)) found.push(message);
    if (keys.length < PAGE) break;
  }
  return found;
}

function matches({ kind, since }: UnknownMessage, filter: UnknownFilter): boolean {
  return (
    (filter.kind === undefined || filter.kind === kind) &&
    (filter.since === undefined || since >= filter.since)
  );
}

async function read(lanes: OpenLanes, appId: string, key: string): Promise<UnknownMessage | null> {
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

/** An unknown message as a person has seen it. */
interface Doubt {
  readonly appId: string;
  readonly key: string;
  readonly redrives: number | undefined;
}

/** The ledger decides; a job that stays behind is taken away by a worker. */
async function settle(lanes: OpenLanes, { appId, key, redrives }: Doubt): Promise<Resolved> {
  const ledger = lanes.ledger(appId);
  const { state, now } = await ledger.resolve(key, 'sent', 0, redrives);
  if (!now) return leftIn(state);
  const kind = (await ledger.read(key))?.kind ?? 'template';
  await lanes
    .lane(appId, kind)
    .remove(key)
    .catch(() => 0);
  return { kind: 'resolved' };
}

function leftIn(state: StoredState | null): Resolved {
  return state === 'unknown' ? { kind: 'stale' } : { kind: 'not-unknown', state };
}

/** A crash between the ledger and the lane is finished by a worker: the handover stays open. */
async function resend(lanes: OpenLanes, { appId, key, redrives }: Doubt): Promise<Resolved> {
  const ledger = lanes.ledger(appId);
  const record = await ledger.read(key);
  if (record?.state !== 'unknown') return leftIn(record?.state ?? null);
  const job = await lanes.lane(appId, record.kind).getJob(key);
  if (!job) return { kind: 'content-gone' };
  if (!(await job.isFailed())) return { kind: 'in-lane' };
  const { state, now } = await ledger.resolve(key, 'queued', 0, redrives);
  if (!now) return leftIn(state);
  await job.retry('failed', { resetAttemptsMade: true });
  await ledger.confirmHandover([key]);
  return { kind: 'resolved' };
}
