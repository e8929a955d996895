import type { Job } from 'bullmq';
import type { Clock } from '../../shared/clock.ts';
import type { DeadLetterQueue } from '../../shared/dead-letter.ts';
import type { LaneJob, LaneResult } from '../../shared/lane.ts';
import type { Logger } from '../../shared/logger.ts';
import type { Kind, Outcome } from '../../shared/outcome.ts';
import type { Tracing } from '../../shared/tracing/span.ts';
import type { AccountPause } from '../account/account-pause.ts';
import { bury } from '../dead-letter/bury.ts';
import type { OutageWatch } from '../decide/outage.ts';
import type { Verdict } from '../decide/verdict.ts';
import { deliver, type DeliverDeps, type Delivered, type Run } from '../deliver.ts';
import type { Interruption } from '../interruption.ts';
import type { LaneMetrics } from '../metrics/lane-counters.ts';
import type { JobEnding } from './lane.ts';
import { toRun } from './lane-run.ts';
import type { LaneSleep } from './lane-sleep.ts';
import { report } from './report.ts';
import { beginRun, markEnded } from './run-span.ts';

export interface LaneProcessDeps extends DeliverDeps {
  readonly appId: string;
  readonly kind: Kind;
  readonly deadLetters: DeadLetterQueue;
  readonly sleep: LaneSleep;
  readonly outage: OutageWatch;
  readonly pause: AccountPause;
  readonly metrics: LaneMetrics;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tracing: Tracing;
}

type LaneJobHandle = Job<LaneJob, LaneResult>;
type EndedRun = Extract<Delivered, { kind: 'ended' }>;
type SettledRun = Extract<Delivered, { kind: 'settled' }>;

/** What the failed reason of a parked job begins with. */
export const PARKED_REASON = 'unknown';

/** Delivers a job's message and does everything that follows from the outcome. */
export function createLaneProcess(deps: LaneProcessDeps) {
  return async (job: LaneJobHandle, interruption: Interruption): Promise<JobEnding> => {
    const untraced = toRun(deps.appId, deps.kind, job, interruption);
    const span = beginRun(deps, untraced.messageKey, job.data);
    try {
      return await processRun(deps, { ...untraced, span }, job);
    } catch (error) {
      span.fail('interrupted');
      throw error;
    } finally {
      span.end();
    }
  };
}

async function processRun(deps: LaneProcessDeps, run: Run, job: LaneJobHandle): Promise<JobEnding> {
  const delivered = await deliver(deps, run);
  switch (delivered.kind) {
    case 'busy':
      run.span.set({ 'courier.outcome': 'busy' });
      return { kind: 'later', delayMs: delivered.retryInMs + 50 };
    case 'ended':
      return await alreadyEnded(deps, run, job, delivered);
    case 'settled':
      report(deps, run, job, delivered);
      await watchForOutage(deps, delivered.verdict);
      return await consequences(deps, run, job, delivered);
  }
}

/** The ledger knew the end before this run; the job only has to follow. */
async function alreadyEnded(
  deps: LaneProcessDeps,
  run: Run,
  job: LaneJobHandle,
  { state, now, reason }: EndedRun,
): Promise<JobEnding> {
  const { appId, kind, messageKey } = run;
  const { traceId } = run.span;
  // Not loaded: should the message be poison, looking at it is what kills.
  const { id } = Object(job.data) as { id?: unknown };
  const line = {
    messageId: `${appId}.${messageKey}`,
    appId,
    kind,
    ...(typeof id === 'string' && { id }),
    state,
    reason,
    traceId,
  };
  markEnded(run.span, state, reason);
  if (now) {
    deps.logger.warn(line, 'ended before it was sent');
    deps.metrics.ended(state);
    if (reason) deps.metrics.died(reason);
  } else {
    deps.logger.info(line, 'already ended');
  }
  if (state === 'unknown') return parked();
  if (state === 'dead') return await dead(deps, run, job, undefined);
  return { kind: 'complete', result: { state }, keep: true };
}

/** Nobody answers: let the lane wait, rather than have message after message run into it. */
async function watchForOutage(deps: LaneProcessDeps, verdict: Verdict | null): Promise<void> {
  if (!verdict) return;
  const answered = verdict.class !== 'ambiguous' && verdict.class !== 'not-sent';
  if (deps.outage.saw(answered)) await deps.sleep.sleep('outage', { detail: verdict.detail });
}

async function consequences(
  deps: LaneProcessDeps,
  run: Run,
  job: LaneJobHandle,
  { outcome, verdict, settled }: SettledRun,
): Promise<JobEnding> {
  // Somebody else's word counts now, and somebody else has the job.
  if (settled === 'stale') return { kind: 'later', delayMs: 1000 };
  if (settled === 'already-sent')
    return { kind: 'complete', result: { state: 'sent' }, keep: true };
  switch (outcome.kind) {
    case 'sent':
      return { kind: 'complete', result: sentResult(outcome.wechatMsgId), keep: true };
    case 'held':
      return { kind: 'complete', result: { state: 'held' }, keep: true };
    case 'retry':
      return { kind: 'later', delayMs: outcome.delayMs };
    case 'unknown':
      return parked();
    case 'dead':
      return await dead(deps, run, job, verdict ?? undefined);
    case 'snooze':
      return await snoozed(deps, outcome, verdict);
  }
}

function sentResult(wechatMsgId: string | undefined): LaneResult {
  return { state: 'sent', ...(wechatMsgId !== undefined && { wechatMsgId }) };
}

function parked(): JobEnding {
  return { kind: 'park', why: `${PARKED_REASON}: WeChat may have taken this message` };
}

/** Listed among the dead letters before the lane lets go of it. */
async function dead(
  deps: LaneProcessDeps,
  run: Run,
  job: LaneJobHandle,
  verdict: Verdict | undefined,
): Promise<JobEnding> {
  const span = run.span.child('dead letter', 'producer');
  await bury(deps.ledger, deps.deadLetters, {
    appId: run.appId,
    messageKey: run.messageKey,
    job: job.data,
    ...(verdict && { detail: verdict.detail }),
    ...(verdict?.rid !== undefined && { rid: verdict.rid }),
  }).finally(() => span.end());
  return { kind: 'complete', result: { state: 'dead' }, keep: false };
}

/** The lane or the account waits, and with it the message, at the head of its lane. */
async function snoozed(
  deps: LaneProcessDeps,
  { cause, delayMs }: Extract<Outcome, { kind: 'snooze' }>,
  verdict: Verdict | null,
): Promise<JobEnding> {
  const detail = verdict?.detail ?? '';
  switch (cause) {
    case 'rate-limit':
    case 'quota':
      deps.metrics.throttled();
      await deps.sleep.sleep(cause, { detail });
      return { kind: 'back' };
    case 'token':
      await deps.sleep.sleep(cause, { detail, exactlyMs: delayMs || undefined });
      return { kind: 'back' };
    case 'permission':
      await deps.sleep.sleep(cause, { detail, errcode: verdict?.errcode });
      // Not to the head of the lane: should it be this message alone, others must come before it.
      return { kind: 'later', delayMs };
    case 'account':
      await deps.pause.pause(verdict?.errcode ?? 0, detail);
      return { kind: 'back' };
    case 'shutdown':
    case 'busy':
      return { kind: 'back' };
  }
}
