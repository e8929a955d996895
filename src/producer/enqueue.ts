import { CourierError, type ErrorCode, isCourierError, type Issue } from '../shared/errors.ts';
import { toLaneJob } from '../shared/lane.ts';
import type { Acceptance, AcceptRequest } from '../shared/ledger/ledger.ts';
import type { RedisClient } from '../shared/redis.ts';
import { withinDeadline } from './connection.ts';
import type { OpenLanes } from './lanes.ts';
import type { Pressure } from './pressure.ts';
import { conflict, prepare, type PrepareDeps, type Prepared } from './prepare.ts';

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
      /** Of `ERR_QUEUE_UNAVAILABLE`: when repeating may help, in milliseconds. */
      readonly retryAfterMs?: number;
    };

export interface EnqueueDeps extends PrepareDeps {
  readonly redis: RedisClient;
  readonly lanes: OpenLanes;
  readonly pressure: Pressure;
}

/** Large enough that round trips do not matter, small enough that Redis stays responsive. */
const CHUNK = 500;

/**
 * Enqueues many envelopes in chunks. Results keep the order. While Redis works on one chunk the
 * next is checked and handed to the ledger. After trouble with Redis no further chunk is tried,
 * so that the caller hears of it in time.
 */
export async function enqueueMany(
  deps: EnqueueDeps,
  inputs: readonly unknown[],
): Promise<BatchResult[]> {
  const results: BatchResult[] = [];
  let trouble: CourierError | null = null;
  let previous: Promise<readonly BatchResult[]> = Promise.resolve([]);
  for (let start = 0; start < inputs.length; start += CHUNK) {
    const chunk = inputs.slice(start, start + CHUNK).map((input) => prepare(deps, input));
    const current = trouble
      ? Promise.resolve(chunk.map((one) => rejected(isPrepared(one) ? trouble! : one)))
      : enqueueChunk(deps, chunk, (error) => (trouble = error));
    results.push(...(await previous));
    previous = current;
  }
  results.push(...(await previous));
  return results;
}

/** Enqueues what is valid of a chunk, account by account; the results keep the chunk's order. */
async function enqueueChunk(
  deps: EnqueueDeps,
  chunk: readonly (Prepared | CourierError)[],
  onTrouble: (error: CourierError) => void,
): Promise<BatchResult[]> {
  const results = new Map<Prepared, BatchResult>();
  const valid = chunk.filter(isPrepared);
  const groups = groupBy(valid, (one) => one.envelope.appId);
  await Promise.all(
    [...groups].map(async ([appId, group]) => {
      let isLate = false;
      try {
        const call = () => enqueueForAccount(deps, appId, group, () => isLate);
        const answers = await withinDeadline(deps.redis, call);
        group.forEach((one, index) => results.set(one, answers[index]!));
      } catch (error) {
        isLate = true;
        if (!isCourierError(error)) throw error;
        revoke(deps, appId, group);
        onTrouble(error);
        for (const one of group) results.set(one, rejected(error));
      }
    }),
  );
  return chunk.map((one) => (isPrepared(one) ? results.get(one)! : rejected(one)));
}

/**
 * The ledger comes first, then the lane: a crash in between leaves a known id without a job,
 * and the caller's repetition adds the job.
 */
async function enqueueForAccount(
  deps: EnqueueDeps,
  appId: string,
  group: readonly Prepared[],
  isLate: () => boolean,
): Promise<BatchResult[]> {
  await deps.pressure.admit();
  // The caller has its answer, and what is not recorded yet could not be revoked.
  if (isLate()) return [];
  const ledger = deps.lanes.ledger(appId);
  const acceptances = await ledger.accept(group.map(acceptRequest));
  // `queued` may mean that an earlier call died before its job was added; adding is idempotent.
  const forLane = group.filter((_, index) => belongsInLane(acceptances[index]));
  const now = deps.clock.now();
  for (const [kind, ones] of groupBy(forLane, (one) => one.envelope.kind)) {
    const jobs = ones.map((one) => toLaneJob(one.messageKey, one.envelope, now));
    await deps.lanes.lane(appId, kind).addBulk(jobs);
  }
  // Not waited for: what stays listed is looked at by a worker, and found in its lane.
  const handedOver = forLane.map((one) => one.messageKey);
  ledger.confirmHandover(handedOver).catch(() => undefined);
  // Not waited for either: the next message of this pattern makes good for a failure.
  const ids = group.flatMap(({ envelope: { id } }) => (id === undefined ? [] : [id]));
  deps.lanes
    .patterns(appId)
    .learn(ids)
    .catch(() => undefined);
  return group.map((one, index) => resultOf(one, acceptances[index]));
}

function isPrepared(one: Prepared | CourierError): one is Prepared {
  return !(one instanceof CourierError);
}

function acceptRequest({ messageKey, envelope, contentHash }: Prepared): AcceptRequest {
  const recipient = envelope.message['touser'];
  return {
    messageKey,
    kind: envelope.kind,
    ...(typeof recipient === 'string' && { recipient }),
    ...(contentHash !== undefined && { contentHash }),
    ...(envelope.sendAt !== undefined && { due: envelope.sendAt }),
  };
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
    ...(error.retryAfterMs !== undefined && { retryAfterMs: error.retryAfterMs }),
  };
}
