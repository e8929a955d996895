import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { createDashboardMetrics } from '../../src/dashboard/metrics.ts';
import { createIngestMetrics } from '../../src/ingest/metrics.ts';
import { createOutboxMetrics } from '../../src/outbox/metrics.ts';
import { systemClock } from '../../src/shared/clock.ts';
import { createHttpMetrics } from '../../src/shared/metrics/http-metrics.ts';
import { createProcessMetrics } from '../../src/shared/metrics/process-metrics.ts';
import { createWorkerMetrics } from '../../src/worker/metrics/worker-metrics.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
/** Name, type and labels, as a row has them. */
type Metric = readonly [name: string, type: string, labels: string];

/** What each section of the page is about, in its order. */
const SECTIONS = ['process', 'worker', 'http', 'ingest', 'dashboard', 'outbox'] as const;
const { monotonic } = systemClock;
const process = () => createProcessMetrics({ logger: pino({ level: 'silent' }), monotonic });

describe.each(['docs/metrics.md', 'docs/metrics.zh-CN.md'])('%s', (file) => {
  const sections = readFileSync(path.join(ROOT, file), 'utf8').split(/^## /m).slice(1);

  it.each(SECTIONS.map((section, place) => ({ section, text: sections[place] ?? '' })))(
    'lists exactly the metrics of $section, with type and labels',
    async ({ section, text }) => {
      const documented = [...text.matchAll(/^\| `(courier_\w+)` \| (\w+) \| ([^|]+) \|/gm)].map(
        ([, name = '', type = '', labels = '']): Metric => [name, type, labels],
      );
      expect(new Set(documented)).toEqual(new Set(await exported(section)));
      expect(documented).toHaveLength(new Set(documented.map(([name]) => name)).size);
    },
  );

  it('has no metric anywhere else', () => {
    const rest = sections.slice(SECTIONS.length).join('');
    expect(rest).not.toMatch(/^\| `courier_/m);
  });
});

/** What a role registers beside what every process and every HTTP server has. */
async function exported(section: (typeof SECTIONS)[number]): Promise<Metric[]> {
  const measured = process();
  switch (section) {
    case 'process':
      return await metricsOf(measured.registry);
    case 'worker': {
      const registry = new Registry();
      const redis = new Redis({ lazyConnect: true });
      const deadLetters = { toKey: String };
      createWorkerMetrics(registry, { redis, deadLetters, clock: systemClock });
      return await metricsOf(registry);
    }
    case 'http': {
      const registry = new Registry();
      createHttpMetrics(registry);
      return await metricsOf(registry);
    }
    case 'ingest':
      createIngestMetrics(measured, () => true);
      return await beside(measured.registry);
    case 'dashboard':
      createDashboardMetrics(measured);
      return await beside(measured.registry);
    case 'outbox': {
      const registry = new Registry();
      const backlog = () => Promise.reject(new Error('no database'));
      createOutboxMetrics(registry, backlog, monotonic);
      return await metricsOf(registry);
    }
  }
}

async function beside(registry: Registry): Promise<Metric[]> {
  const shared = [...(await exported('process')), ...(await exported('http'))].map(
    ([name]) => name,
  );
  return (await metricsOf(registry)).filter(([name]) => !shared.includes(name));
}

async function metricsOf(registry: Registry): Promise<Metric[]> {
  const labelNames = new Map(
    (
      registry.getMetricsAsArray() as unknown as { name: string; labelNames: readonly string[] }[]
    ).map((metric) => [metric.name, metric.labelNames]),
  );
  const metrics = await registry.getMetricsAsJSON();
  return metrics
    .filter(({ name }) => name.startsWith('courier_'))
    .map(({ name, type }) => [
      name,
      String(type),
      (labelNames.get(name) ?? []).filter((label) => label !== 'le').join(', ') || '–',
    ]);
}
