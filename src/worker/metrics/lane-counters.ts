import { Counter, Histogram, type Registry } from 'prom-client';
import { lookupErrcode } from '../../shared/errcodes/errcode.ts';
import {
  DEAD_REASONS,
  type DeadReason,
  type Kind,
  type Outcome,
  type SnoozeCause,
  type VerdictClass,
} from '../../shared/outcome.ts';

/** The counters of one lane, bound to its labels once: they are on the send path. */
export interface LaneMetrics {
  /** A run came to its outcome. */
  ended(outcome: string): void;
  /** A request was made; `errcode` is absent where no answer of WeChat's came. */
  answered(errcode: number | undefined, durationSeconds: number): void;
  /** A run is recorded as an attempt of its message. */
  attempted(verdict: VerdictClass): void;
  delivered(latencySeconds: number): void;
  /** A run was put off without an attempt. */
  snoozed(cause: SnoozeCause): void;
  throttled(): void;
  died(reason: DeadReason): void;
}

export const LANE_LABELS = ['account', 'kind'] as const;
const OUTCOMES: readonly Outcome['kind'][] = ['sent', 'held', 'retry', 'snooze', 'unknown', 'dead'];
const SEND_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const LATENCY_BUCKETS = [0.05, 0.1, 0.5, 1, 5, 10, 60, 300, 1800, 7200, 86_400];

/** Stands for every code that is in no table. */
const UNKNOWN_ERRCODE = 'other';

/** @returns binds the counters to a lane */
export function createLaneCounters(
  registry: Registry,
): (account: string, kind: Kind) => LaneMetrics {
  const { sends, attempts, errcodes, snoozes, throttled, deadLetters, ...seconds } =
    registered(registry);
  return (account, kind) => {
    const labels = { account, kind };
    const send = seconds.send.labels(labels);
    const latency = seconds.latency.labels(labels);
    const sent = sends.labels({ ...labels, outcome: 'sent' });
    const taken = attempts.labels({ ...labels, verdict: 'ok' });
    const ok = errcodes.labels({ ...labels, errcode: '0' });
    // A series that begins with 1 has no increase: the first of them would ring no alarm.
    for (const outcome of OUTCOMES) sends.inc({ ...labels, outcome }, 0);
    for (const reason of DEAD_REASONS) deadLetters.inc({ ...labels, reason }, 0);
    errcodes.inc({ ...labels, errcode: UNKNOWN_ERRCODE }, 0);
    throttled.inc(labels, 0);
    return {
      ended(outcome) {
        if (outcome === 'sent') sent.inc();
        else sends.inc({ ...labels, outcome });
      },
      answered(errcode, durationSeconds) {
        if (errcode === 0) ok.inc();
        else if (errcode !== undefined) errcodes.inc({ ...labels, errcode: errcodeLabel(errcode) });
        send.observe(durationSeconds);
      },
      attempted(verdict) {
        if (verdict === 'ok') taken.inc();
        else attempts.inc({ ...labels, verdict });
      },
      delivered: (value) => latency.observe(value),
      snoozed: (cause) => snoozes.inc({ ...labels, cause }),
      throttled: () => throttled.inc(labels),
      died: (reason) => deadLetters.inc({ ...labels, reason }),
    };
  };
}

/** What comes over the wire may be any number; each would be a time series of its own. */
function errcodeLabel(errcode: number): string {
  return lookupErrcode(errcode) ? String(errcode) : UNKNOWN_ERRCODE;
}

function registered(registry: Registry) {
  const counter = <Label extends string = never>(name: string, help: string, label?: Label) =>
    new Counter({
      name,
      help,
      labelNames: label === undefined ? LANE_LABELS : [...LANE_LABELS, label],
      registers: [registry],
    });
  const histogram = (name: string, help: string, buckets: number[]) =>
    new Histogram({ name, help, labelNames: LANE_LABELS, buckets, registers: [registry] });
  return {
    sends: counter('courier_sends_total', 'Settled runs by outcome', 'outcome'),
    attempts: counter('courier_attempts_total', 'Attempts by what they came to', 'verdict'),
    errcodes: counter('courier_errcodes_total', 'Answers of WeChat by errcode', 'errcode'),
    snoozes: counter('courier_snoozes_total', 'Runs put off without an attempt', 'cause'),
    throttled: counter('courier_throttled_total', 'Runs that a limit or a quota put off'),
    deadLetters: counter('courier_dead_letters_total', 'Messages that died, by reason', 'reason'),
    send: histogram(
      'courier_send_duration_seconds',
      'From just before the request to the answer',
      SEND_BUCKETS,
    ),
    latency: histogram(
      'courier_delivery_latency_seconds',
      'From enqueue, or the time it was scheduled for, to the answer that ended the message',
      LATENCY_BUCKETS,
    ),
  };
}
