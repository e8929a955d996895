import { Counter } from 'prom-client';
import type { HttpMetrics } from '../shared/metrics/http-metrics.ts';
import type { ProcessMetrics } from '../shared/metrics/process-metrics.ts';
import { KINDS } from '../shared/outcome.ts';

/** `conflict`: same id, other content. `refused`: for whatever other reason. */
export type EnqueueResult = 'queued' | 'duplicate' | 'conflict' | 'refused';

/** What the ingest counts of itself. */
export interface IngestMetrics extends HttpMetrics {
  /** @param envelope as it came in, valid or not */
  enqueued(envelope: unknown, result: EnqueueResult): void;
}

/** What callers write is no label: each would be a time series of its own. */
const OTHER = 'other';

export function createIngestMetrics(
  measured: ProcessMetrics,
  isKnown: (appId: string) => boolean,
): IngestMetrics {
  const enqueued = new Counter({
    name: 'courier_enqueued_total',
    help: 'Messages that were handed in, by what became of them',
    labelNames: ['account', 'kind', 'result'],
    registers: [measured.registry],
  });
  return {
    ...measured.http(),
    enqueued(envelope, result) {
      const { appId, kind } = Object(envelope) as { appId?: unknown; kind?: unknown };
      enqueued.inc({
        account: typeof appId === 'string' && isKnown(appId) ? appId : OTHER,
        kind: KINDS.find((known) => known === kind) ?? OTHER,
        result,
      });
    },
  };
}
