import type { Clock } from '../shared/clock.ts';
import { CourierError, type ErrorCode, isCourierError, type Issue } from '../shared/errors.ts';
import { toLaneJob } from '../shared/lane.ts';
import type { Acceptance } from '../shared/ledger/ledger.ts';
import { contentHash } from '../shared/message/content-hash.ts';
import { type Envelope, validateEnvelope } from '../shared/message/envelope.ts';
import { deriveMessageId, randomMessageId } from '../shared/message/message-id.ts';
import type { RedisClient } from '../shared/redis.ts';
import type { KnownAccounts } from './accounts.ts';
import { withinDeadline } from './connection.ts';
import type { OpenLanes } from './lanes.ts';

export interface EnqueueResult {
  readonly messageId: string;
  /** `duplicate`: this id was accepted before, with the same content. */
  readonly status: 'queued' | 'duplicate';
}

/** One item's result of `enqueueMany`; a rejected item changed nothing. */
export type BatchResult =
  | EnqueueResult
  | {
      readonly status: 'rejected';
      readonly code: ErrorCode;
      readonly message: string;
      readonly issues?: readonly Issue[];
    };

export interface EnqueueDeps {
  readonly redis: RedisClient;
  readonly lanes: OpenLanes;
  readonly accounts: KnownAccounts;
  readonly clock: Clock;
  readonly randomBytes: (size: number) => Uint8Array;
}

/** Large enough that round trips do not matter, small enough that Redis stays responsive. */
const CHUNK = 500;

/** A checked message with its identity. */
interface Prepared {
  readonly index: number;
  readonly messageId: string;
  readonly messageKey: string;
  readonly envelope: Envelope;
  readonly contentHash?: string;
}

/**
 * Enqueues many envelopes in chunks. Results keep the order. The ledger comes first, then the
 * lane: a crash in between leaves a known id without a job, and the repetition adds the job.
 */
export async function enqueueMany(
  deps: EnqueueDeps,
  inputs: readonly unknown[],
): Promise<BatchResult[]> {
  const results = new Array<BatchResult>(inputs.length);
  for (let start = 0; start < inputs.length; start += CHUNK) {
    const end = Math.min(start + CHUNK, inputs.length);
    try {
      await enqueueChunk(deps, prepareChunk(deps, inputs, start, end, results), results);
    } catch (error) {
      if (!isCourierError(error)) throw error;
      return rejectRest(deps, inputs, start, results, error);
    }
  }
  return results;
}

/** Validates one input; a wrong one becomes a rejected result at its place. */
function prepareChunk(
  deps: EnqueueDeps,
  inputs: readonly unknown[],
  start: number,
  end: number,
  results: BatchResult[],
): Prepared[] {
  const prepared: Prepared[] = [];
  for (let index = start; index < end; index++) {
    const one = prepare(deps, inputs[index], index);
    if (one instanceof CourierError) results[index] = rejected(one);
    else prepared.push(one);
  }
  return prepared;
}

function prepare(deps: EnqueueDeps, input: unknown, index: number): Prepared | CourierError {
  const checked = validateEnvelope(input, deps.clock.now());
  if (!checked.ok) return invalid(checked.issues);
  const { envelope } = checked;
  const { appId, id } = envelope;
  if (!deps.accounts.has(appId)) return unknownAccount(appId);
  const messageId =
    id === undefined ? randomMessageId(appId, deps.randomBytes) : deriveMessageId(appId, id);
  return {
    index,
    messageId,
    messageKey: messageId.slice(appId.length + 1),
    envelope,
    ...(id !== undefined && { contentHash: contentHash(envelope.kind, envelope.message) }),
  };
}

async function enqueueChunk(
  deps: EnqueueDeps,
  prepared: readonly Prepared[],
  results: BatchResult[],
): Promise<void> {
  await Promise.all(
    [...groupBy(prepared, (one) => one.envelope.appId)].map(async ([appId, group]) => {
      try {
        await withinDeadline(deps.redis, () => enqueueForAccount(deps, appId, group, results));
      } catch (error) {
        revoke(deps, appId, group);
        throw error;
      }
    }),
  );
}

async function enqueueForAccount(
  deps: EnqueueDeps,
  appId: string,
  group: readonly Prepared[],
  results: BatchResult[],
): Promise<void> {
  const acceptances = await deps.lanes.ledger(appId).accept(
    group.map(({ messageKey, envelope, contentHash }) => ({
      messageKey,
      kind: envelope.kind,
      ...(contentHash !== undefined && { contentHash }),
      ...(envelope.sendAt !== undefined && { due: envelope.sendAt }),
    })),
  );
  // `queued` may mean that an earlier call died before its job was added; adding is idempotent.
  const forLane = group.filter((_, index) => belongsInLane(acceptances[index]));
  const now = deps.clock.now();
  for (const [kind, ones] of groupBy(forLane, (one) => one.envelope.kind)) {
    const jobs = ones.map((one) => toLaneJob(one.messageKey, one.envelope, now));
    await deps.lanes.lane(appId, kind).addBulk(jobs);
  }
  group.forEach((one, index) => {
    results[one.index] = resultOf(one, acceptances[index]);
  });
}

function belongsInLane(acceptance: Acceptance | undefined): boolean {
  if (acceptance?.kind === 'new') return true;
  return acceptance?.kind === 'known' && acceptance.state === 'queued';
}

function resultOf(one: Prepared, acceptance: Acceptance | undefined): BatchResult {
  switch (acceptance?.kind) {
    case 'new':
      return { messageId: one.messageId, status: 'queued' };
    case 'known':
      return { messageId: one.messageId, status: 'duplicate' };
    case 'conflict':
    case undefined:
      return rejected(conflict(one.envelope.appId, one.envelope.id ?? ''));
  }
}

/**
 * The caller is told that nothing was enqueued, yet Redis may still execute what it received.
 * A message without an id would then be sent beside its repetition, so it is cancelled behind
 * its own job on the same connection. One with an id needs no care: its repetition is the same.
 */
function revoke(deps: EnqueueDeps, appId: string, group: readonly Prepared[]): void {
  if (deps.redis.status !== 'ready') return;
  for (const one of group) {
    if (one.envelope.id !== undefined) continue;
    deps.lanes
      .ledger(appId)
      .cancel(one.messageKey)
      .catch(() => undefined);
  }
}

function rejectRest(
  deps: EnqueueDeps,
  inputs: readonly unknown[],
  start: number,
  results: BatchResult[],
  error: CourierError,
): BatchResult[] {
  for (let index = start; index < inputs.length; index++) {
    if (results[index]) continue;
    const one = prepare(deps, inputs[index], index);
    results[index] = rejected(one instanceof CourierError ? one : error);
  }
  return results;
}

function groupBy<Item, Key extends string>(
  items: readonly Item[],
  keyOf: (item: Item) => Key,
): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}

function rejected(error: CourierError): BatchResult {
  return {
    status: 'rejected',
    code: error.code,
    message: error.message,
    ...(error.issues.length > 0 && { issues: error.issues }),
  };
}

function invalid(issues: readonly Issue[]): CourierError {
  const first = issues[0];
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  const text = first ? `${first.path || 'envelope'}: ${first.reason}${more}` : 'not valid';
  return new CourierError('ERR_INVALID_MESSAGE', text, { issues });
}

function unknownAccount(appId: string): CourierError {
  return new CourierError(
    'ERR_UNKNOWN_ACCOUNT',
    `Account ${appId} is not in the accounts file. Add it there, or correct the appId.`,
  );
}

function conflict(appId: string, id: string): CourierError {
  return new CourierError(
    'ERR_ID_CONFLICT',
    `The id "${id}" of ${appId} was used before with other content. Use one id per message, and ` +
      'the same content whenever you repeat it.',
  );
}
