import { laneName } from '../../shared/keys.ts';
import type { LaneJob } from '../../shared/lane.ts';
import type { DeadReason, Kind } from '../../shared/outcome.ts';
import { NO_SPAN, type Span, type Tracing } from '../../shared/tracing/span.ts';
import type { Delivered } from '../deliver.ts';

type Settled = Extract<Delivered, { kind: 'settled' }>;

/**
 * One run of a message in the trace of whoever enqueued it: each attempt is a child of the same
 * span, not of the attempt before.
 */
export function beginRun(
  deps: { readonly tracing: Tracing; readonly appId: string; readonly kind: Kind },
  messageKey: string,
  data: LaneJob,
): Span {
  const { tracing, appId, kind } = deps;
  if (!tracing.isOn) return NO_SPAN;
  // Of data that nobody has checked yet.
  const { traceparent } = Object(data) as { traceparent?: unknown };
  return tracing.begin(
    `deliver ${kind}`,
    'consumer',
    typeof traceparent === 'string' ? traceparent : undefined,
    {
      'messaging.system': 'bullmq',
      'messaging.operation.type': 'process',
      'messaging.destination.name': laneName(appId, kind),
      'messaging.message.id': `${appId}.${messageKey}`,
      'courier.account': appId,
      'courier.kind': kind,
    },
  );
}

/** How the run ended, in the words of the `delivery` line; its texts stay there. */
export function markSettled(span: Span, ended: Settled): void {
  if (span === NO_SPAN) return;
  const { outcome, verdict, attempt } = ended;
  span.set({
    'courier.attempt': attempt,
    'courier.outcome': outcome.kind,
    'courier.verdict': verdict?.class,
    'courier.errcode': verdict?.errcode,
    'courier.cause': outcome.kind === 'snooze' ? outcome.cause : undefined,
    'courier.reason': outcome.kind === 'dead' ? outcome.reason : undefined,
    'courier.retry_in_ms': outcome.kind === 'retry' ? outcome.delayMs : undefined,
    'courier.settled': ended.settled === 'ok' ? undefined : ended.settled,
  });
  switch (outcome.kind) {
    case 'retry':
    case 'unknown':
      return span.fail(verdict?.class ?? outcome.kind);
    case 'dead':
      return span.fail(outcome.reason);
    case 'sent':
    case 'held':
    case 'snooze':
  }
}

/** The message had ended before this run could send it. */
export function markEnded(span: Span, state: string, reason: DeadReason | undefined): void {
  span.set({ 'courier.outcome': 'ended', 'courier.state': state, 'courier.reason': reason });
  if (state === 'dead' || state === 'unknown') span.fail(reason ?? state);
}
