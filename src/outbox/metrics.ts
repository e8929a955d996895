import { Counter, Gauge, type Registry } from 'prom-client';
import { createReading } from '../shared/metrics/reading.ts';
import type { Backlog, RowFate } from './outbox.ts';

/** What the relay says of the outbox and of itself. */
export interface OutboxMetrics {
  drained(fates: readonly RowFate[]): void;
  /** A round did not get through to the database. */
  failed(): void;
}

const GAUGES = [
  ['courier_outbox_lag_seconds', 'Age of the row that has waited longest', 'lagSeconds'],
  ['courier_outbox_waiting', 'Rows that wait to be handed over', 'waiting'],
  ['courier_outbox_rejected', 'Rows that a person must repair', 'rejected'],
] as const;

/** @param look asked once for each scrape; while it fails the gauges are absent */
export function createOutboxMetrics(
  registry: Registry,
  look: () => Promise<Backlog>,
  monotonic: () => number,
): OutboxMetrics {
  const registers = [registry];
  const backlog = createReading(look, { monotonic });
  for (const [name, help, field] of GAUGES) {
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        const found = await backlog();
        if (found) this.set(found[field]);
        else this.remove();
      },
    });
  }
  const rows = new Counter({
    name: 'courier_outbox_rows_total',
    help: 'Rows by what became of them',
    labelNames: ['result'],
    registers,
  });
  const failures = new Counter({
    name: 'courier_outbox_failures_total',
    help: 'Rounds that did not get through to the database',
    registers,
  });
  return {
    drained(fates) {
      for (const fate of fates) {
        if (fate.kind === 'handed-over') {
          rows.inc({ result: fate.duplicate ? 'duplicate' : 'queued' });
        } else if (fate.kind === 'rejected') rows.inc({ result: 'rejected' });
      }
    },
    failed: () => failures.inc(),
  };
}
