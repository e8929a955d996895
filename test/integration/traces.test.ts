import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { freePort } from '../../src/local/free-port.ts';
import type { OutboxRow, RowFate } from '../../src/outbox/outbox.ts';
import { Registry } from 'prom-client';
import { createOutboxMetrics } from '../../src/outbox/metrics.ts';
import { createRelay } from '../../src/outbox/relay.ts';
import { openTracing } from '../../src/shared/tracing/open-tracing.ts';
import { pino } from 'pino';
import { type Collector, startCollector, type TakenSpan } from '../helpers/collector.ts';
import { type Shop, type ShopOptions, TEMPLATE_SEND, useCourier } from '../helpers/courier.ts';
import { startIngest, type TestIngest } from '../helpers/ingest.ts';
import { eventually, waitFor } from '../helpers/wait-for.ts';

/* Traces as a collector gets them: real OTLP over HTTP, one collector for each test. */

const courier = useCourier();
const cleanups: (() => Promise<unknown>)[] = [];
let collector: Collector;

beforeEach(async () => {
  vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', '20');
  collector = await startCollector();
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  await collector.stop();
  vi.unstubAllEnvs();
});

const byText = (left: string, right: string) => left.localeCompare(right);
const hex = (bytes: number) => randomBytes(bytes).toString('hex');

/** Somebody who calls us in a trace of theirs. */
function aCaller(sampled = true) {
  const [traceId, spanId] = [hex(16), hex(8)];
  return { traceId, spanId, traceparent: `00-${traceId}-${spanId}-0${sampled ? 1 : 0}` };
}

async function open(
  options: ShopOptions = {},
  env: Readonly<Record<string, string>> = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
): Promise<{ shop: Shop; api: TestIngest }> {
  const shop = await courier.open({ ...options, env: { ...env, ...options.env } });
  const api = await startIngest(shop, env);
  cleanups.push(() => api.stop());
  return { shop, api };
}

/** The spans of a trace, once there are so many (of this name). */
async function spansOf(traceId: string, count: number, name?: string): Promise<TakenSpan[]> {
  const found = () => collector.spans.filter((span) => span.traceId === traceId);
  const isThere = () =>
    found().filter((span) => name === undefined || span.name === name).length >= count;
  await waitFor(isThere, {
    timeoutMs: 10_000,
    what: `${count} spans ${name ?? ''} of ${traceId}`,
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}: ${JSON.stringify(found().map(({ name }) => name))}`);
  });
  return found();
}

function named(spans: readonly TakenSpan[], name: string): TakenSpan {
  const span = spans.find((one) => one.name === name);
  if (!span) throw new Error(`no span ${name} in ${spans.map((one) => one.name).join(', ')}`);
  return span;
}

async function post(
  api: TestIngest,
  body: object,
  traceparent: string,
): Promise<Record<string, unknown>> {
  const { status, json } = await api.call('POST', '/v1/messages', {
    body,
    headers: { traceparent },
  });
  expect(status).toBe(202);
  return json;
}

describe('one trace', () => {
  test('goes from the POST to the call to WeChat, with the token renewal on its way', async () => {
    const { shop, api } = await open();
    const first = await shop.producer.enqueue(shop.template());
    await shop.reached(first.messageId, 'sent');
    shop.control('POST', 'tokens', { appId: shop.appId, action: 'revoke', mode: 'replaced' });
    const caller = aCaller();
    const { messageId } = await post(api, shop.template(), caller.traceparent);
    await shop.reached(String(messageId), 'sent');

    const spans = await spansOf(caller.traceId, 6);
    const request = named(spans, 'POST /v1/messages');
    expect(request).toMatchObject({
      service: 'wechat-courier-ingest',
      kind: 'server',
      parentId: caller.spanId,
      attributes: {
        'http.request.method': 'POST',
        'http.route': '/v1/messages',
        'http.response.status_code': 202,
        'messaging.message.id': messageId,
      },
    });
    const run = named(spans, 'deliver template');
    expect(run).toMatchObject({
      service: 'wechat-courier-worker',
      kind: 'consumer',
      parentId: request.spanId,
      failure: undefined,
      attributes: {
        'messaging.message.id': messageId,
        'messaging.destination.name': `${shop.appId}.template`,
        'courier.account': shop.appId,
        'courier.attempt': 1,
        'courier.outcome': 'sent',
        'courier.verdict': 'ok',
        'courier.errcode': 0,
      },
    });
    const renewal = named(spans, 'renew token');
    expect(renewal).toMatchObject({
      kind: 'internal',
      parentId: run.spanId,
      attributes: { 'courier.cause': 'rejected', 'courier.token_generation': '2' },
    });
    expect(named(spans, 'POST /cgi-bin/stable_token')).toMatchObject({
      kind: 'client',
      parentId: renewal.spanId,
      attributes: { 'server.address': '127.0.0.1', 'http.response.status_code': 200 },
    });
    const calls = spans.filter(({ name }) => name === `POST ${TEMPLATE_SEND}`);
    expect(calls.map(({ parentId }) => parentId)).toEqual([run.spanId, run.spanId]);
    expect(calls.map(({ failure }) => failure)).toEqual(['errcode 40001', undefined]);
    expect(calls[1]).toMatchObject({
      kind: 'client',
      attributes: { 'url.path': TEMPLATE_SEND, 'courier.errcode': 0 },
    });
    expect(spans).toHaveLength(6);

    const line = shop.log().find((one) => one['messageId'] === messageId);
    expect(line).toMatchObject({ msg: 'delivery', traceId: caller.traceId });
    expect(api.log.find((one) => one['messageId'] === messageId)).toMatchObject({
      msg: 'request',
      traceId: caller.traceId,
    });
  });

  test('has one span for each attempt, all below the same', async () => {
    const { shop } = await open();
    shop.fault('template', { accept: false, reply: { kind: 'errcode', errcode: -1 }, count: 2 });
    const caller = aCaller();
    const { messageId } = await shop.producer.enqueue({
      ...shop.template(),
      traceparent: caller.traceparent,
    });
    await shop.reached(messageId, 'sent', { timeoutMs: 20_000 });
    const spans = await spansOf(caller.traceId, 3, 'deliver template');
    const runs = spans.filter(({ name }) => name === 'deliver template');
    expect(runs.map(({ parentId }) => parentId)).toEqual(Array(3).fill(caller.spanId));
    expect(runs.map(({ attributes }) => attributes['courier.attempt'])).toEqual([1, 2, 3]);
    expect(runs.map(({ attributes }) => attributes['courier.outcome'])).toEqual([
      'retry',
      'retry',
      'sent',
    ]);
    expect(runs.map(({ failure }) => failure)).toEqual(['transient', 'transient', undefined]);
  });

  test('holds the dead letter, and what happens after its redrive', async () => {
    const { shop } = await open();
    const broken = { kind: 'errcode', errcode: 40003 };
    shop.fault('template', { accept: false, reply: broken, count: 1 });
    const caller = aCaller();
    const { messageId } = await shop.producer.enqueue({
      ...shop.template(),
      traceparent: caller.traceparent,
    });
    await shop.deadLetter(messageId);
    const spans = await spansOf(caller.traceId, 1, 'deliver template');
    const run = named(spans, 'deliver template');
    expect(run).toMatchObject({
      failure: 'permanent-recipient',
      attributes: { 'courier.outcome': 'dead', 'courier.errcode': 40003 },
    });
    expect(named(spans, 'dead letter')).toMatchObject({ kind: 'producer', parentId: run.spanId });

    await shop.producer.deadLetters.redrive(messageId);
    await shop.reached(messageId, 'sent');
    const all = await spansOf(caller.traceId, 2, 'deliver template');
    const runs = all.filter(({ name }) => name === 'deliver template');
    expect(runs.map(({ parentId }) => parentId)).toEqual([caller.spanId, caller.spanId]);
  });

  test('shows an answer that never came as what it is', async () => {
    const { shop } = await open();
    shop.fault('template', { accept: false, reply: { kind: 'reset' }, count: 1 });
    const caller = aCaller();
    const { messageId } = await shop.producer.enqueue({
      ...shop.template(),
      traceparent: caller.traceparent,
    });
    await shop.reached(messageId, 'sent');
    const spans = await spansOf(caller.traceId, 2, 'deliver template');
    expect(named(spans, `POST ${TEMPLATE_SEND}`)).toMatchObject({
      failure: 'uncertain',
      attributes: { 'error.type': 'uncertain' },
    });
    expect(named(spans, 'deliver template').failure).toBe('ambiguous');
  });

  test('stays with its message, however many requests travel to Redis together', async () => {
    const { shop, api } = await open();
    const sent = await Promise.all(
      Array.from({ length: 40 }, async () => {
        const caller = aCaller();
        const { messageId } = await post(api, shop.custom(), caller.traceparent);
        return { caller, messageId: String(messageId) };
      }),
    );
    for (const { caller, messageId } of sent) {
      await shop.reached(messageId, 'sent');
      const spans = await spansOf(caller.traceId, 1, 'deliver custom');
      expect(named(spans, 'deliver custom').attributes['messaging.message.id']).toBe(messageId);
    }
  });

  test('of a batch is that of the request, but for messages that bring their own', async () => {
    const { shop, api } = await open();
    const [caller, own] = [aCaller(), aCaller()];
    const { status, json } = await api.call('POST', '/v1/messages/batch', {
      body: {
        messages: [shop.custom(), { ...shop.custom(), traceparent: own.traceparent }],
      },
      headers: { traceparent: caller.traceparent },
    });
    expect(status).toBe(207);
    const [inherited, brought] = json['results'] as { messageId: string }[];
    const run = named(await spansOf(caller.traceId, 1, 'deliver custom'), 'deliver custom');
    expect(run.attributes['messaging.message.id']).toBe(inherited?.messageId);
    const other = named(await spansOf(own.traceId, 1, 'deliver custom'), 'deliver custom');
    expect(other.parentId).toBe(own.spanId);
    expect(other.attributes['messaging.message.id']).toBe(brought?.messageId);
  });

  test('is handed on by an ingest that traces nothing to workers that do', async () => {
    const { shop } = await open();
    const api = await startIngest(shop);
    cleanups.push(() => api.stop());
    const [caller, own] = [aCaller(), aCaller()];
    const { messageId } = await post(api, shop.template(), caller.traceparent);
    const { json } = await api.call('POST', '/v1/messages/batch', {
      body: { messages: [shop.custom(), { ...shop.custom(), traceparent: own.traceparent }] },
      headers: { traceparent: caller.traceparent },
    });
    expect(json['results']).toMatchObject([{ status: 202 }, { status: 202 }]);
    await spansOf(caller.traceId, 1, 'deliver template');
    const runs = await spansOf(caller.traceId, 1, 'deliver custom');
    expect(named(runs, 'deliver template')).toMatchObject({
      parentId: caller.spanId,
      attributes: { 'messaging.message.id': messageId },
    });
    expect(named(runs, 'deliver custom').parentId).toBe(caller.spanId);
    const brought = named(await spansOf(own.traceId, 1, 'deliver custom'), 'deliver custom');
    expect(brought.parentId).toBe(own.spanId);
    await post(api, shop.template(), 'nonsense');
  });

  test('that cannot be read begins anew, and nobody is refused for it', async () => {
    const { shop, api } = await open();
    const json = await post(api, shop.template({ traceparent: 'no such thing' }), 'nonsense');
    await shop.reached(String(json['messageId']), 'sent');
    const run = await waitFor(() =>
      collector.spans.find(
        ({ name, attributes }) =>
          name === 'deliver template' && attributes['messaging.message.id'] === json['messageId'],
      ),
    );
    expect(run.traceId).toMatch(/^[0-9a-f]{32}$/);
  });

  test('that its caller does not want recorded is not, and goes on as such', async () => {
    const { shop, api } = await open();
    const caller = aCaller(false);
    const { messageId } = await post(api, shop.template(), caller.traceparent);
    await shop.reached(String(messageId), 'sent');
    const after = aCaller();
    const next = await post(api, shop.template(), after.traceparent);
    await shop.reached(String(next['messageId']), 'sent');
    await spansOf(after.traceId, 1, 'deliver template');
    expect(collector.spans.filter(({ traceId }) => traceId === caller.traceId)).toEqual([]);
    const line = shop.log().find((one) => one['messageId'] === messageId);
    expect(line).toMatchObject({ traceId: caller.traceId });
  });

  test('is not begun for whoever has no key', async () => {
    const { shop, api } = await open();
    const stranger = aCaller();
    const { status } = await api.call('POST', '/v1/messages', {
      key: null,
      body: shop.template(),
      headers: { traceparent: stranger.traceparent },
    });
    expect(status).toBe(401);
    const caller = aCaller();
    await post(api, shop.template(), caller.traceparent);
    await spansOf(caller.traceId, 1, 'deliver template');
    expect(collector.spans.filter(({ traceId }) => traceId === stranger.traceId)).toEqual([]);
  });
});

test('requests beyond the rate of a key leave no span', async () => {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, COURIER_INGEST_RATE: '1' };
  const { shop, api } = await open({ workers: 0 }, env);
  const callers = Array.from({ length: 5 }, () => aCaller());
  const statuses: number[] = [];
  for (const { traceparent } of callers) {
    const options = { body: shop.template(), headers: { traceparent } };
    statuses.push((await api.call('POST', '/v1/messages', options)).status);
  }
  await api.stop();
  cleanups.length = 0;
  const taken = callers.filter((_, index) => statuses[index] === 202);
  expect(statuses).toContain(429);
  expect(collector.spans.map(({ traceId }) => traceId)).toEqual(
    taken.map(({ traceId }) => traceId),
  );
});

describe('the library', () => {
  /** The caller's own SDK, as an order service has it. */
  function callerSdk() {
    const exporter = new OTLPTraceExporter({ url: `${collector.url}/v1/traces` });
    const provider = new BasicTracerProvider({
      resource: resourceFromAttributes({ 'service.name': 'orders' }),
      spanProcessors: [new BatchSpanProcessor(exporter)],
    });
    trace.setGlobalTracerProvider(provider);
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    cleanups.push(async () => {
      trace.disable();
      context.disable();
      await provider.shutdown();
    });
    return trace.getTracer('orders');
  }

  test('goes on in the span that is active in its caller, with the SDK of that', async () => {
    const { shop } = await open();
    const tracer = callerSdk();
    const { traceId, messageIds } = await tracer.startActiveSpan('check out', async (span) => {
      const one = await shop.producer.enqueue(shop.template());
      const more = await shop.producer.enqueueMany([shop.custom(), shop.custom()]);
      span.end();
      const messageIds = [one, ...more].map((result) => 'messageId' in result && result.messageId);
      return { traceId: span.spanContext().traceId, messageIds };
    });
    for (const messageId of messageIds) await shop.reached(String(messageId), 'sent');
    const spans = await spansOf(traceId, 9);
    const root = named(spans, 'check out');
    const enqueues = spans.filter(({ name }) => name === 'enqueue');
    expect(enqueues.map(({ service, kind, parentId }) => [service, kind, parentId])).toEqual(
      Array(2).fill(['orders', 'producer', root.spanId]),
    );
    expect(enqueues.map(({ attributes }) => attributes['courier.messages'])).toEqual([1, 2]);
    const parents = spans
      .filter(({ name }) => name.startsWith('deliver'))
      .map(({ parentId }) => parentId);
    const [single = '', many = ''] = enqueues.map(({ spanId }) => spanId);
    expect(parents.toSorted(byText)).toEqual([single, many, many].toSorted(byText));
  });

  test('begins no trace for callers that are in none', async () => {
    const shop = await courier.open({ workers: 0 });
    callerSdk();
    await shop.producer.enqueue(shop.template());
    const [job] = await shop.lane('template').getWaiting();
    expect(job?.data).not.toHaveProperty('traceparent');
    expect(collector.spans).toEqual([]);
  });

  test('says by its code what was refused, and nothing of the message', async () => {
    const shop = await courier.open({ workers: 0 });
    const tracer = callerSdk();
    const spoilt = shop.template({ message: { touser: 'oSECRETOPENID-0123456789abc' } });
    const traceId = await tracer.startActiveSpan('check out', async (span) => {
      await expect(shop.producer.enqueue(spoilt)).rejects.toThrow('/message');
      span.end();
      return span.spanContext().traceId;
    });
    const spans = await spansOf(traceId, 2);
    expect(named(spans, 'enqueue')).toMatchObject({ failure: 'ERR_INVALID_MESSAGE', events: 0 });
    expect(collector.bytes()).not.toContain('oSECRETOPENID');
  });
});

test('the relay of the outbox goes on in the trace that a row was written in', async () => {
  const { shop } = await open();
  const logger = pino({ level: 'silent' });
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
  const tracing = await openTracing(env, 'outbox', { logger, monotonic: () => 0 });
  const caller = aCaller();
  const envelope = { ...shop.template(), id: 'order-1', traceparent: caller.traceparent };
  let rows: OutboxRow[] = [
    { rowId: '7', envelope },
    {
      rowId: '8',
      envelope: {
        ...shop.template(),
        id: 'order-2',
        kind: 'letter',
        traceparent: caller.traceparent,
      },
    },
  ];
  const fates: RowFate[] = [];
  const outbox = {
    async drain(_: number, handOver: (some: readonly OutboxRow[]) => Promise<readonly RowFate[]>) {
      const taken = rows;
      rows = [];
      const ends = taken.length > 0 ? await handOver(taken) : [];
      fates.push(...ends);
      return ends;
    },
    backlog: () => Promise.resolve({ waiting: 0, lagSeconds: 0, rejected: 0 }),
    rejected: () => Promise.resolve([]),
    retry: () => Promise.resolve(0),
    close: () => Promise.resolve(),
  };
  const relay = createRelay({
    outbox,
    enqueueMany: shop.producer.enqueueMany,
    metrics: createOutboxMetrics(new Registry(), outbox.backlog, () => performance.now()),
    monotonic: () => 0,
    logger,
    tracing,
  });
  await relay.start();
  await waitFor(() => fates.length === 2);
  await relay.stop();
  await tracing.stop(2000);
  const spans = await spansOf(caller.traceId, 1, 'deliver template');
  const relayed = spans.filter(({ name }) => name === 'relay');
  expect(relayed.map(({ service, parentId }) => [service, parentId])).toEqual(
    Array(2).fill(['wechat-courier-outbox', caller.spanId]),
  );
  expect(relayed.map(({ failure }) => failure)).toEqual([undefined, 'ERR_INVALID_MESSAGE']);
  expect(named(spans, 'deliver template').parentId).toBe(relayed[0]?.spanId);
});

test('no secret, token, key or openid is in a byte that leaves', async () => {
  const openid = 'oPLANTED-0123456789abcdefgh';
  const { shop, api } = await open();
  const fetchToken = async () => {
    const response = await fetch(`${shop.apiBase}/cgi-bin/stable_token`, {
      method: 'POST',
      body: JSON.stringify({
        grant_type: 'client_credential',
        appid: shop.appId,
        secret: shop.secret,
      }),
    });
    return ((await response.json()) as { access_token: string }).access_token;
  };
  const tokens = [await fetchToken()];
  const { touser: _, ...message } = shop.template().message as { touser: string };
  const planted = {
    ...shop.template({ id: `order of ${openid}` }),
    message: { ...message, touser: openid, data: { thing1: { value: 'PLANTED words' } } },
  };
  const quoting = `invalid ${openid} access_token=${tokens[0]} ${shop.secret}`;
  const reply = { kind: 'errcode', errmsg: quoting };
  shop.fault('template', { accept: false, reply: { ...reply, errcode: -1 }, count: 1 });
  const caller = aCaller();
  const { messageId } = await post(api, planted, caller.traceparent);
  await shop.reached(String(messageId), 'sent', { timeoutMs: 20_000 });

  shop.control('POST', 'tokens', { appId: shop.appId, action: 'revoke', mode: 'replaced' });
  // There we send no openid that could be quoted.
  const ofToken = { kind: 'errcode', errcode: -1, errmsg: `busy: ${shop.secret}` };
  shop.fault('token', { accept: false, reply: ofToken, count: 1 });
  shop.fault('template', {
    accept: false,
    reply: { ...reply, errcode: 40003 },
    count: 1,
    bodyContains: 'second',
    skip: 1,
  });
  const dead = aCaller();
  const second = {
    ...planted,
    id: `second ${openid}`,
    message: { ...planted.message, url: 'https://example.com/second' },
  };
  const { messageId: deadId } = await post(api, second, dead.traceparent);
  await shop.deadLetter(String(deadId), { timeoutMs: 25_000 });
  await api.call('GET', `/v1/messages/${String(deadId)}?openid=${openid}`);
  await api.call('POST', '/v1/messages', { body: { ...planted, kind: openid } });
  tokens.push(await fetchToken());

  await spansOf(dead.traceId, 1, 'deliver template');
  for (const worker of shop.workers) await worker.stop();
  await api.stop();
  cleanups.length = 0;
  const bytes = collector.bytes();
  const details = shop.log().map(({ detail }) => String(detail));
  expect(details.join()).toContain('oPLAN…efgh');
  expect(details.join()).not.toContain(openid);
  expect(bytes).toContain('deliver template');
  expect(new Set(tokens).size).toBe(2);
  for (const secret of [
    openid,
    'PLANTED',
    shop.secret,
    api.key,
    ...tokens,
    'access_token',
    '巧克力',
  ]) {
    expect(bytes).not.toContain(Buffer.from(secret).toString('latin1'));
  }
});

describe('a collector', () => {
  test('that is not there disturbs neither sending nor stopping, and is named in the log', async () => {
    const { shop, api } = await open(
      {},
      { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}` },
    );
    const { messageId } = await post(api, shop.template(), aCaller().traceparent);
    await shop.reached(String(messageId), 'sent');
    const [worker] = shop.workers;
    const began = performance.now();
    await worker?.stop();
    expect(performance.now() - began).toBeLessThan(4000);
  });

  test('that never answers disturbs neither sending nor stopping', async () => {
    const silent = await startCollector(() => undefined);
    cleanups.push(() => silent.stop());
    const { shop, api } = await open({}, { OTEL_EXPORTER_OTLP_ENDPOINT: silent.url });
    const { messageId } = await post(api, shop.template(), aCaller().traceparent);
    await shop.reached(String(messageId), 'sent');
    await waitFor(() => silent.spans.length > 0);
    const [worker] = shop.workers;
    const began = performance.now();
    await worker?.stop();
    expect(performance.now() - began).toBeLessThan(4000);
  });

  test('that refuses what it gets is named in the log, without the password in its address', async () => {
    const strict = await startCollector((response) => void response.writeHead(400).end());
    cleanups.push(() => strict.stop());
    const endpoint = `${strict.url}/adapt_PASSWORD`;
    const { shop } = await open({}, { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
    await shop.producer.enqueue(shop.template());
    await eventually(() => {
      expect(shop.log()).toContainEqual(
        expect.objectContaining({ level: 'warn', msg: 'traces are lost' }),
      );
    });
    expect(JSON.stringify(shop.log())).not.toContain('PASSWORD');
  });
});
