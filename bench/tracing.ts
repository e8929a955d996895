import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { alternate } from './alternate.ts';
import type { BenchOptions } from './options.ts';
import { sampleLine } from './progress.ts';
import { type Result, resultOf } from './result.ts';
import { type Load, sendOurs } from './sending.ts';
import { startStub } from './stub-process.ts';

/** Told, not demanded: nobody has to trace every message. */
const TARGET = { atLeast: 0 };
const SAMPLERS = [
  { share: 'every message', env: {} },
  {
    share: '1 message in 100',
    env: { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.01' },
  },
] as const;

/** The same worker with traces (`ours`) and without (`bare`), to a collector that takes all. */
export async function benchTracing({ messages, rounds }: BenchOptions): Promise<Result[]> {
  const stub = await startStub();
  const collector = await startCollector();
  try {
    const results: Result[] = [];
    const load: Load = { stub, messages, latencyMs: 0, concurrency: 100 };
    for (const { share, env } of SAMPLERS) {
      const traced = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...env };
      const name = `send, 0 ms, concurrency 100, traces of ${share}`;
      const samples = await alternate(
        rounds.sending,
        { ours: () => sendOurs(load, traced), bare: () => sendOurs(load) },
        sampleLine(name, 'messages/s'),
      );
      results.push(resultOf(name, 'messages/s', TARGET, samples));
    }
    return results;
  } finally {
    await stub.stop();
    await collector.stop();
  }
}

/** Takes whatever comes and looks at none of it. */
async function startCollector() {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(200).end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
