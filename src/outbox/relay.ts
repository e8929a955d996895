import { setTimeout as delay } from 'node:timers/promises';
import type { BatchResult, EnvelopeInput } from '../producer/index.ts';
import { messageOf } from '../shared/errors.ts';
import type { Service } from '../shared/lifecycle.ts';
import type { Logger } from '../shared/logger.ts';
import { NO_SPAN, type Span, type Tracing } from '../shared/tracing/span.ts';
import { fateOf, refusalOf, restAfter } from './fate.ts';
import type { OutboxMetrics } from './metrics.ts';
import { hopeless } from './open-outbox.ts';
import type { Outbox, OutboxRow, RowFate } from './outbox.ts';

/** Rows of one transaction: as many as the producer sends to Redis at once. */
const BATCH = 500;
/** How long a committed row may lie before anybody looks. */
const POLL_MS = 250;
/** Between tries with a database that is away: doubled up to the most. */
const FIRST_PAUSE_MS = 500;
const MOST_PAUSE_MS = 5000;
/** One line for a database that stays away, in milliseconds. */
const QUIET_MS = 30_000;

export interface RelayDeps {
  readonly outbox: Outbox;
  readonly enqueueMany: (envelopes: readonly EnvelopeInput[]) => Promise<BatchResult[]>;
  readonly metrics: OutboxMetrics;
  readonly monotonic: () => number;
  readonly logger: Logger;
  readonly tracing: Tracing;
}

/** Moves rows of the outbox into their lanes, round after round, for as long as it runs. */
export interface Relay extends Service {
  /** The last round got through to the database. */
  working(): boolean;
}

export function createRelay(deps: RelayDeps): Relay {
  const { outbox, enqueueMany, metrics, monotonic, logger, tracing } = deps;
  const stopped = new AbortController();
  let running: Promise<void> | undefined;
  let failures = 0;
  let saidAt = Number.NEGATIVE_INFINITY;

  async function run(): Promise<void> {
    while (!stopped.signal.aborted) {
      const restMs = await round();
      if (restMs > 0) await delay(restMs, undefined, stopped).catch(() => undefined);
    }
  }

  /** @returns how long to rest before the next */
  async function round(): Promise<number> {
    try {
      const fates = await outbox.drain(BATCH, handOver);
      if (failures > 0) logger.info('the database is back');
      failures = 0;
      saidAt = Number.NEGATIVE_INFINITY;
      metrics.drained(fates);
      return restAfter(fates, BATCH, POLL_MS);
    } catch (error) {
      failures += 1;
      metrics.failed();
      say(error);
      return Math.min(MOST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
    }
  }

  async function handOver(rows: readonly OutboxRow[]): Promise<readonly RowFate[]> {
    const refusals = rows.map(refusalOf);
    const sound = rows.filter((_, index) => refusals[index] === null);
    const spans = sound.map((row) => beginRow(tracing, row));
    // What the rest of an envelope is made of is checked by the producer.
    const results = await enqueueMany(sound.map((row, index) => inTrace(row, spans[index])));
    results.forEach((result, index) => endRow(spans[index], result));
    let next = 0;
    const fates = refusals.map((refusal) => refusal ?? fateOf(results[next++]!));
    fates.forEach((fate, index) => {
      if (fate.kind !== 'rejected') return;
      const { code, reason } = fate;
      logger.warn({ rowId: rows[index]?.rowId, code, detail: reason }, 'row rejected');
    });
    return fates;
  }

  function say(error: unknown): void {
    if (monotonic() - saidAt < QUIET_MS) return;
    saidAt = monotonic();
    const remedy = hopeless(error);
    const detail = messageOf(remedy ?? error);
    if (remedy) logger.error({ code: remedy.code, detail }, 'outbox cannot be drained');
    else logger.warn({ detail }, 'waiting for the database');
  }

  return {
    name: 'relay',
    working: () => failures === 0,
    start() {
      running ??= run();
      return Promise.resolve();
    },
    async stop() {
      stopped.abort();
      await running;
    },
  };
}

/** One span for each row: its transaction wrote down which trace it was in. */
function beginRow(tracing: Tracing, { rowId, envelope }: OutboxRow): Span {
  if (!tracing.isOn) return NO_SPAN;
  const { traceparent } = envelope as { traceparent?: unknown };
  const from = typeof traceparent === 'string' ? traceparent : undefined;
  return tracing.begin('relay', 'producer', from, { 'courier.outbox.row': rowId });
}

function inTrace({ envelope }: OutboxRow, span: Span | undefined): EnvelopeInput {
  const traceparent = span?.traceparent;
  return (
    traceparent === undefined ? envelope : { ...Object(envelope), traceparent }
  ) as EnvelopeInput;
}

/** A row that is kept comes again, and only then is there something to say of it. */
function endRow(span: Span | undefined, result: BatchResult): void {
  if (fateOf(result).kind === 'kept') return;
  if (result.status === 'rejected') span?.fail(result.code);
  else span?.set({ 'messaging.message.id': result.messageId });
  span?.end();
}
