import { createHash } from 'node:crypto';
import type { Job } from 'bullmq';
import type { LaneJob } from '../../shared/lane.ts';
import { validateMessage } from '../../shared/message/envelope.ts';
import type { Kind } from '../../shared/outcome.ts';
import type { Load, Run } from '../deliver.ts';
import type { Interruption } from '../interruption.ts';

const MESSAGE_KEY = /^[0-9a-z]{26}$/;

/**
 * A run from a job. The job is checked again when it is loaded: it may be hand-written, or older
 * than a rule, and must end as a dead letter rather than in front of WeChat or in a crash.
 */
export function toRun(
  appId: string,
  kind: Kind,
  job: Pick<Job<LaneJob>, 'id' | 'data'>,
  interruption: Interruption,
): Omit<Run, 'span'> {
  const id = job.id ?? '';
  const known = MESSAGE_KEY.test(id);
  // Of data that nobody has checked yet.
  const { expiresAt, onAmbiguous } = Object(job.data) as Partial<Record<keyof LaneJob, unknown>>;
  let load: Load | undefined;
  return {
    appId,
    kind,
    messageKey: known ? id : foreignKey(appId, kind, id),
    expiresAt: Number.isSafeInteger(expiresAt) ? Number(expiresAt) : undefined,
    resend: onAmbiguous === 'resend',
    load: () => (load ??= known ? checked(kind, job.data) : foreign(id)),
    interruption,
  };
}

function checked(kind: Kind, data: LaneJob): Load {
  const problem = problemOf(kind, data);
  return problem === null ? { ok: true, job: data } : { ok: false, problem };
}

function foreign(id: string): Load {
  const problem =
    `expected a job id of 26 characters 0-9a-z, got "${id.slice(0, 40)}"; ` +
    'messages enter a lane through the producer';
  return { ok: false, problem };
}

/** A ledger key for a job whose id is not one of ours, the same at every run. */
function foreignKey(appId: string, kind: Kind, id: string): string {
  const digest = createHash('sha256').update(`foreign\0${appId}\0${kind}\0${id}`).digest('hex');
  return digest.slice(0, 26);
}

function problemOf(kind: Kind, data: unknown): string | null {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) {
    return 'expected job data {"message": …}, got no object';
  }
  const { message, expiresAt } = data as Record<string, unknown>;
  if (expiresAt !== undefined && !Number.isSafeInteger(expiresAt)) {
    return '/expiresAt: expected epoch milliseconds';
  }
  const [issue] = validateMessage(kind, message);
  return issue ? `/message${issue.path}: ${issue.reason}` : null;
}
