import type { StoredState } from '../shared/ledger/ledger.ts';
import type { OpenLanes } from './lanes.ts';

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

/** An unknown message as a person has seen it. */
interface SeenDoubt {
  readonly appId: string;
  readonly key: string;
  readonly redrives: number | undefined;
}

export async function resolveDoubt(
  lanes: OpenLanes,
  doubt: SeenDoubt,
  as: 'sent' | 'resend',
): Promise<Resolved> {
  return await (as === 'sent' ? settle : resend)(lanes, doubt);
}

/** The ledger decides; a job that stays behind is taken away by a worker. */
async function settle(lanes: OpenLanes, { appId, key, redrives }: SeenDoubt): Promise<Resolved> {
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
async function resend(lanes: OpenLanes, { appId, key, redrives }: SeenDoubt): Promise<Resolved> {
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
