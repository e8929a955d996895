import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { type Collector, startCollector } from '../helpers/collector.ts';
import { template, useTowns, WORKER } from '../helpers/town.ts';
import { waitFor } from '../helpers/wait-for.ts';
import { reached } from '../helpers/courier.ts';

/* Traces of real processes. */

const towns = useTowns();
const SDK = /@opentelemetry\/(?:sdk|exporter|otlp|resources|core)/;
let told = '';

/** Lets a process say at its end which files of packages it has loaded. */
beforeAll(async () => {
  told = path.join(towns.dir, 'loaded.cjs');
  await writeFile(
    told,
    `process.on('exit', () => {
       const files = Object.keys(require('node:module')._cache);
       process.stderr.write('loaded ' + files.join(' ') + '\\n');
     });`,
  );
});

async function collectorOf(answers: boolean): Promise<Collector> {
  const collector = await startCollector(answers ? undefined : () => undefined);
  towns.cleanups.push(() => collector.stop());
  return collector;
}

test('without an endpoint nothing of the SDK is loaded, in no role', async () => {
  const town = await towns.open();
  const env = { ...town.env, NODE_OPTIONS: `--require ${told}` };
  const keys = path.join(towns.dir, 'keys.json');
  const more = { COURIER_API_KEYS_FILE: keys, COURIER_INGEST_PORT: '0' };
  for (const entry of [WORKER, 'dist/ingest/main.js']) {
    const process = towns.processes.start(entry, { env: { ...env, ...more } });
    await process.ready();
    expect(await process.stop()).toEqual({ code: 0, signal: null });
    const loaded = process.stderr.find((line) => line.startsWith('loaded '));
    expect(loaded).toContain('node_modules/bullmq/');
    expect(loaded).not.toMatch(SDK);
  }
});

test('with one, a worker tells the collector under its own name, the last spans included', async () => {
  const town = await towns.open();
  const collector = await collectorOf(true);
  const worker = town.worker({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    // So late that only the end brings them.
    OTEL_BSP_SCHEDULE_DELAY: '60000',
    OTEL_SERVICE_NAME: 'orders-courier',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=test',
  });
  await worker.line(/traces are on/);
  const [messageId = ''] = await town.enqueue('template', 1);
  await reached(town.producer, messageId, ['sent']);
  expect(await worker.stop()).toEqual({ code: 0, signal: null });
  const run = collector.spans.find(({ name }) => name === 'deliver template');
  expect(run).toMatchObject({
    service: 'orders-courier',
    parentId: '',
    attributes: { 'messaging.message.id': messageId },
  });
  expect(worker.stdout.join()).toContain(`"traceId":"${run?.traceId}"`);
});

test('the share of traces that are recorded is the caller’s, else OpenTelemetry’s setting', async () => {
  const town = await towns.open();
  const collector = await collectorOf(true);
  const worker = town.worker({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_TRACES_SAMPLER: 'parentbased_always_off',
  });
  await worker.ready();
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const [own = ''] = await town.enqueue('template', 1);
  const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
  const { messageId } = await town.producer.enqueue({ ...template(town.appId), traceparent });
  for (const id of [own, messageId]) await reached(town.producer, id, ['sent']);
  await worker.stop();
  expect(collector.spans.length).toBeGreaterThan(0);
  expect(collector.spans.filter((span) => span.traceId !== traceId)).toEqual([]);
});

test.each([15_000, 600])(
  'a collector that never answers keeps no worker from ending within its grace of %i ms',
  async (graceMs) => {
    const town = await towns.open();
    const collector = await collectorOf(false);
    const worker = town.worker({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_BSP_SCHEDULE_DELAY: '20',
      COURIER_SHUTDOWN_GRACE_MS: String(graceMs),
    });
    const ids = await town.enqueue('template', 100);
    for (const id of ids) await reached(town.producer, id, ['sent']);
    await waitFor(() => collector.spans.length > 0);
    const began = performance.now();
    expect(await worker.stop()).toEqual({ code: 0, signal: null });
    expect(performance.now() - began).toBeLessThan(5000);
    expect(worker.stdout.join()).toContain('"msg":"stopped"');
  },
);
