import type { Job } from 'bullmq';
import type { Clock } from '../../shared/clock.ts';
import type { LaneJob } from '../../shared/lane.ts';
import type { Logger } from '../../shared/logger.ts';
import { maskOpenid } from '../../shared/openid.ts';
import type { Verdict } from '../decide/verdict.ts';
import type { Delivered, Run } from '../deliver.ts';
import type { LaneMetrics } from '../metrics/lane-counters.ts';
import { markSettled } from './run-span.ts';

interface ReportDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: LaneMetrics;
}

/** One wide line per run, and its numbers. */
export function report(
  deps: ReportDeps,
  run: Run,
  job: Pick<Job<LaneJob>, 'timestamp' | 'opts'>,
  ended: Extract<Delivered, { kind: 'settled' }>,
): void {
  const { outcome, verdict, attempt, spent, durationMs, refusedToken } = ended;
  const isOurs = ended.settled === 'ok';
  const waitedMs = deps.clock.now() - job.timestamp;
  const load = run.load();
  const line = {
    messageId: `${run.appId}.${run.messageKey}`,
    appId: run.appId,
    kind: run.kind,
    ...(load.ok && load.job.id !== undefined && { id: load.job.id }),
    ...(load.ok && { to: maskOpenid(String(load.job.message['touser'])) }),
    attempt,
    spent,
    outcome: outcome.kind,
    ...(outcome.kind === 'snooze' && { cause: outcome.cause }),
    ...(outcome.kind === 'retry' && { retryInMs: outcome.delayMs }),
    ...(outcome.kind === 'dead' && { reason: outcome.reason }),
    ...(!isOurs && { settled: ended.settled }),
    ...(verdict && describe(verdict)),
    ...(outcome.kind === 'sent' && { wechatMsgId: outcome.wechatMsgId }),
    durationMs: Math.round(durationMs),
    waitedMs,
    tokenGeneration: ended.tokenGeneration,
    ...(refusedToken && { tokenRefused: refusedToken.errcode }),
    traceId: run.span.traceId,
  };
  markSettled(run.span, ended);
  const isBad = isOurs && (outcome.kind === 'dead' || outcome.kind === 'unknown');
  deps.logger[isBad ? 'warn' : 'info'](line, 'delivery');
  // An answer of its own, although the message was then sent with another token.
  if (refusedToken) {
    deps.metrics.answered(refusedToken.errcode, refusedToken.durationMs / 1000);
  }
  if (durationMs > 0) deps.metrics.answered(verdict?.errcode, durationMs / 1000);
  // What another run says of the message counts, and is counted there.
  if (!isOurs) return;
  deps.metrics.ended(outcome.kind);
  if (attempt > 0 && verdict) deps.metrics.attempted(verdict.class);
  if (outcome.kind === 'snooze') deps.metrics.snoozed(outcome.cause);
  if (outcome.kind === 'dead') deps.metrics.died(outcome.reason);
  if (outcome.kind === 'sent' || outcome.kind === 'held') {
    // Of a message that was scheduled, from its time on.
    deps.metrics.delivered(Math.max(0, waitedMs - (job.opts.delay ?? 0)) / 1000);
  }
}

function describe(verdict: Verdict): Record<string, unknown> {
  const { class: verdictClass, errcode, httpStatus, detail, rid } = verdict;
  if (verdictClass === 'ok') return { verdict: verdictClass, errcode };
  return { verdict: verdictClass, errcode, httpStatus, detail, rid };
}
