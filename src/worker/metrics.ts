import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { LaneQueue } from '../shared/lane.ts';
import type { DeadReason, Kind } from '../shared/outcome.ts';
import type { RenewalCause } from './token/tokens.ts';

/** The worker's Prometheus metrics. Labels are bounded: never a recipient or a message. */
export interface WorkerMetrics {
  readonly registry: Registry;
  lane(appId: string, kind: Kind): LaneMetrics;
  tokenRefreshed(appId: string, cause: RenewalCause): void;
  /** Reads depth and age of this lane, and the age of its account's token, on each scrape. */
  observe(appId: string, kind: Kind, source: ObservedLane): void;
  forget(appId: string, kind: Kind): void;
}

export interface ObservedLane {
  readonly queue: LaneQueue;
  /** Epoch ms at which this process' token was fetched, null before. */
  readonly tokenFetchedAt: () => number | null;
}

/** The counters of one lane, bound to its labels once: they are on the send path. */
export interface LaneMetrics {
  /** A run came to its outcome. */
  ended(outcome: string): void;
  /** A request was made; `errcode` is absent where no answer of WeChat's came. */
  answered(errcode: number | undefined, durationSeconds: number): void;
  delivered(latencySeconds: number): void;
  throttled(): void;
  died(reason: DeadReason): void;
}

const LABELS = ['account', 'kind'] as const;
const SEND_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const LATENCY_BUCKETS = [0.05, 0.1, 0.5, 1, 5, 10, 60, 300, 1800, 7200, 86_400];
/** The states of a lane's jobs that mean something to a person. */
const DEPTH_STATES = ['waiting', 'prioritized', 'delayed', 'active', 'failed'] as const;

export function createWorkerMetrics(now: () => number): WorkerMetrics {
  const registry = new Registry();
  const registers = [registry];
  const sends = new Counter({
    name: 'courier_sends_total',
    help: 'Settled runs by outcome',
    labelNames: [...LABELS, 'outcome'],
    registers,
  });
  const errcodes = new Counter({
    name: 'courier_errcodes_total',
    help: 'Answers of WeChat by errcode',
    labelNames: [...LABELS, 'errcode'],
    registers,
  });
  const sendSeconds = new Histogram({
    name: 'courier_send_duration_seconds',
    help: 'From just before the request to the answer',
    labelNames: LABELS,
    buckets: SEND_BUCKETS,
    registers,
  });
  const latencySeconds = new Histogram({
    name: 'courier_delivery_latency_seconds',
    help: 'From enqueue to the answer that ended the message',
    labelNames: LABELS,
    buckets: LATENCY_BUCKETS,
    registers,
  });
  const throttled = new Counter({
    name: 'courier_throttled_total',
    help: 'Runs that WeChat put off by a limit or a quota',
    labelNames: LABELS,
    registers,
  });
  const deadLetters = new Counter({
    name: 'courier_dead_letters_total',
    help: 'Messages that died, by reason',
    labelNames: [...LABELS, 'reason'],
    registers,
  });
  const refreshes = new Counter({
    name: 'courier_token_refreshes_total',
    help: 'Requests of this process to the token endpoint',
    labelNames: ['account', 'cause'],
    registers,
  });
  const observed = new Map<string, ObservedLane & { appId: string; kind: Kind }>();
  registerGauges(registry, observed, now);

  return {
    registry,
    lane(appId, kind) {
      const labels = { account: appId, kind };
      const seconds = sendSeconds.labels(labels);
      const latency = latencySeconds.labels(labels);
      const sent = sends.labels({ ...labels, outcome: 'sent' });
      const ok = errcodes.labels({ ...labels, errcode: '0' });
      return {
        ended(outcome) {
          if (outcome === 'sent') sent.inc();
          else sends.inc({ ...labels, outcome });
        },
        answered(errcode, durationSeconds) {
          if (errcode === 0) ok.inc();
          else if (errcode !== undefined) errcodes.inc({ ...labels, errcode: String(errcode) });
          seconds.observe(durationSeconds);
        },
        delivered: (value) => latency.observe(value),
        throttled: () => throttled.inc(labels),
        died: (reason) => deadLetters.inc({ ...labels, reason }),
      };
    },
    tokenRefreshed: (account, cause) => refreshes.inc({ account, cause }),
    observe: (appId, kind, source) => observed.set(`${appId}.${kind}`, { ...source, appId, kind }),
    forget: (appId, kind) => observed.delete(`${appId}.${kind}`),
  };
}

function registerGauges(
  registry: Registry,
  observed: ReadonlyMap<string, ObservedLane & { appId: string; kind: Kind }>,
  now: () => number,
): void {
  new Gauge({
    name: 'courier_queue_depth',
    help: 'Jobs of a lane by state',
    labelNames: [...LABELS, 'state'],
    registers: [registry],
    async collect() {
      this.reset();
      for (const { appId, kind, queue } of observed.values()) {
        const counts = await queue.getJobCounts(...DEPTH_STATES);
        for (const [state, count] of Object.entries(counts)) {
          this.set({ account: appId, kind, state }, count);
        }
      }
    },
  });
  new Gauge({
    name: 'courier_queue_oldest_age_seconds',
    help: 'Age of the job that has waited longest',
    labelNames: LABELS,
    registers: [registry],
    async collect() {
      this.reset();
      for (const { appId, kind, queue } of observed.values()) {
        const [oldest] = await queue.getWaiting(0, 0);
        const age = oldest ? Math.max(0, now() - oldest.timestamp) / 1000 : 0;
        this.set({ account: appId, kind }, age);
      }
    },
  });
  new Gauge({
    name: 'courier_token_age_seconds',
    help: 'Age of the token this process sends with',
    labelNames: ['account'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { appId, tokenFetchedAt } of observed.values()) {
        const at = tokenFetchedAt();
        if (at !== null) this.set({ account: appId }, (now() - at) / 1000);
      }
    },
  });
}
