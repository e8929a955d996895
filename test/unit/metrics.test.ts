import fc from 'fast-check';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { createDashboardMetrics } from '../../src/dashboard/metrics.ts';
import { createIngestMetrics } from '../../src/ingest/metrics.ts';
import { ERRCODES } from '../../src/shared/errcodes/errcode.ts';
import { createProcessMetrics } from '../../src/shared/metrics/process-metrics.ts';
import { createReading } from '../../src/shared/metrics/reading.ts';
import { KINDS } from '../../src/shared/outcome.ts';
import { createLaneCounters } from '../../src/worker/metrics/lane-counters.ts';
import { fullest } from '../../src/worker/metrics/redis-reading.ts';
import { parseExposition } from '../helpers/exposition.ts';

const APP = 'wx0123456789abcdef';
const measured = () =>
  createProcessMetrics({ logger: pino({ level: 'silent' }), monotonic: () => 0 });

describe('labels are bounded', () => {
  it('whatever codes WeChat answers: those of our table, and "other"', async () => {
    const known = new Set([...ERRCODES.map(({ code }) => String(code)), 'other']);
    const anyCode = fc.oneof(
      fc.integer(),
      fc.double(),
      fc.constantFrom(...ERRCODES.map(({ code }) => code)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(anyCode, { minLength: 1 }), async (codes) => {
        const registry = new Registry();
        const lane = createLaneCounters(registry)(APP, 'custom');
        for (const code of codes) lane.answered(code, 0.1);
        const { samples } = parseExposition(await registry.metrics());
        const counted = samples.filter(({ name }) => name === 'courier_errcodes_total');
        expect(counted.filter(({ labels }) => !known.has(labels['errcode'] ?? ''))).toEqual([]);
        expect(counted.reduce((sum, { value }) => sum + value, 0)).toBe(codes.length);
      }),
      { numRuns: 50 },
    );
  });

  it('whatever callers hand in: known accounts and kinds, and "other"', async () => {
    const envelope = fc.oneof(
      fc.anything(),
      fc.record({
        appId: fc.oneof(fc.constant(APP), fc.string(), fc.anything()),
        kind: fc.oneof(fc.constantFrom(...KINDS), fc.string(), fc.anything()),
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(envelope, { minLength: 1 }), async (envelopes) => {
        const { registry, ...rest } = measured();
        const metrics = createIngestMetrics({ registry, ...rest }, (appId) => appId === APP);
        for (const each of envelopes) metrics.enqueued(each, 'refused');
        const { samples } = parseExposition(await registry.metrics());
        const counted = samples.filter(({ name }) => name === 'courier_enqueued_total');
        const accounts = counted.map(({ labels }) => labels['account']);
        const kinds = counted.map(({ labels }) => labels['kind']);
        expect([APP, 'other']).toEqual(expect.arrayContaining([...new Set(accounts)]));
        expect([...KINDS, 'other']).toEqual(expect.arrayContaining([...new Set(kinds)]));
        expect(counted.reduce((sum, { value }) => sum + value, 0)).toBe(envelopes.length);
      }),
      { numRuns: 20 },
    );
  });
});

describe('what a process says of itself', () => {
  it('is a page that Prometheus can read, whatever a route is called', async () => {
    const process = measured();
    process.http().answered('GET', 'a "b"\\c\nd', 200, 0.1);
    const page = parseExposition(await process.registry.metrics());
    expect(page.value('courier_http_requests_total', { route: 'a "b"\\c\nd' })).toBe(1);
    expect(page.value('process_cpu_seconds_total')).toBeGreaterThan(0);
    expect(page.value('courier_redis_up')).toBe(0);
  });

  it('is one page for roles that share it', async () => {
    const process = measured();
    createIngestMetrics(process, () => true).answered('GET', '/v1', 200, 0.1);
    createDashboardMetrics(process).answered('GET', '/board', 200, 0.1);
    const page = parseExposition(await process.registry.metrics());
    expect(page.value('courier_http_requests_total', { route: '/v1' })).toBe(1);
    expect(page.value('courier_http_requests_total', { route: '/board' })).toBe(1);
  });

  it('has what never happened as 0, so that the first of it is an increase', async () => {
    const registry = new Registry();
    createLaneCounters(registry)(APP, 'custom');
    const page = parseExposition(await registry.metrics());
    expect(page.value('courier_sends_total', { outcome: 'unknown' })).toBe(0);
    expect(page.value('courier_dead_letters_total', { reason: 'poison' })).toBe(0);
    expect(page.value('courier_errcodes_total', { errcode: 'other' })).toBe(0);
  });
});

describe('a reading for a scrape', () => {
  const pending = <Value>() => {
    let resolve: (value: Value) => void = () => undefined;
    const promise = new Promise<Value>((done) => (resolve = done));
    return { promise, resolve };
  };

  it('is one for all gauges, and for whoever scrapes soon after', async () => {
    let now = 0;
    let reads = 0;
    const reading = createReading(() => Promise.resolve((reads += 1)), {
      monotonic: () => now,
      freshMs: 2000,
    });
    expect(await Promise.all([reading(), reading(), reading()])).toEqual([1, 1, 1]);
    now = 1999;
    expect(await reading()).toBe(1);
    now = 2000;
    expect(await reading()).toBe(2);
  });

  it('is waited for with patience, and not begun anew while it is under way', async () => {
    let reads = 0;
    const slow = pending<number>();
    const reading = createReading(
      () => {
        reads += 1;
        return slow.promise;
      },
      { monotonic: () => 0, patienceMs: 5 },
    );
    expect(await reading()).toBeNull();
    expect(await reading()).toBeNull();
    expect(reads).toBe(1);
    slow.resolve(7);
    await slow.promise;
    expect(await reading()).toBe(7);
  });

  it('that fails is absent, not the one before', async () => {
    let now = 0;
    let fails = false;
    const reading = createReading(
      () => (fails ? Promise.reject(new Error('away')) : Promise.resolve(1)),
      { monotonic: () => now, freshMs: 10 },
    );
    expect(await reading()).toBe(1);
    fails = true;
    now = 10;
    expect(await reading()).toBeNull();
    fails = false;
    expect(await reading()).toBe(1);
  });
});

describe('the memory of a cluster', () => {
  const node = (usedBytes: number, limitBytes: number) => ({ usedBytes, limitBytes });

  it('is that of its fullest master, since that one refuses messages', () => {
    expect(fullest([node(400, 1000), node(90, 100), node(500, 1000)])).toEqual(node(90, 100));
  });

  it('is that of the largest where none has a limit, and of the one that has', () => {
    expect(fullest([node(400, 0), node(900, 0)])).toEqual(node(900, 0));
    expect(fullest([node(900, 0), node(4, 100)])).toEqual(node(4, 100));
  });
});
