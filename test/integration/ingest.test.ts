import { once } from 'node:events';
import { connect } from 'node:net';
import { writeFile } from 'node:fs/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { revokeKey } from '../../src/ingest/keys/keys-file.ts';
import { openDeadLetters } from '../../src/shared/dead-letter.ts';
import { type Shop, useCourier } from '../helpers/courier.ts';
import { startIngest, type TestIngest } from '../helpers/ingest.ts';
import { eventually, waitFor } from '../helpers/wait-for.ts';

/* The HTTP API as callers in any language see it. */

const courier = useCourier();
const running: TestIngest[] = [];
afterEach(async () => {
  for (const ingest of running.splice(0)) await ingest.stop();
});

async function open(
  options: Parameters<typeof courier.open>[0] = {},
  env: Readonly<Record<string, string>> = {},
): Promise<{ shop: Shop; api: TestIngest }> {
  const shop = await courier.open({ workers: 0, ...options });
  await shop.writeAccounts({});
  const api = await startIngest(shop, env);
  running.push(api);
  return { shop, api };
}

const NOBODY = `wx0000000000000000.${'0'.repeat(26)}`;

/** Every route that needs a key, with what it needs. */
const ROUTES = [
  { method: 'POST', path: '/v1/messages', scope: 'send:template' },
  { method: 'POST', path: '/v1/messages/batch', scope: 'send:template' },
  { method: 'GET', path: `/v1/messages/${NOBODY}`, scope: 'read' },
  { method: 'DELETE', path: `/v1/messages/${NOBODY}`, scope: 'send:template' },
  { method: 'GET', path: '/v1/dead-letters', scope: 'read' },
  { method: 'POST', path: '/v1/dead-letters/redrive', scope: 'admin' },
  { method: 'GET', path: '/v1/accounts/wx0000000000000000', scope: 'read' },
  { method: 'POST', path: '/v1/accounts/wx0000000000000000/pause', scope: 'admin' },
  { method: 'POST', path: '/v1/accounts/wx0000000000000000/resume', scope: 'admin' },
] as const;

describe('a key', () => {
  test('that is missing, wrong or of another form is refused on every route, before anything else', async () => {
    const { api } = await open();
    const wrong = [
      null,
      'nonsense',
      api.key.slice(0, -4) + 'AAAA',
      `ck_000000000000_${'A'.repeat(43)}`,
    ];
    const others = ['no-such-route', 'messages/%ff', `messages/${'a'.repeat(300)}`].map((name) => ({
      method: 'GET',
      path: `/v1/${name}`,
    }));
    for (const { method, path } of [...ROUTES, ...others]) {
      for (const key of wrong) {
        const body = method === 'POST' ? 'x'.repeat(2_000_000) : undefined;
        const answer = await api.call(method, path, { key, ...(body && { body: '{' }) });
        expect([method, path, answer.status, answer.json['code']]).toEqual([
          method,
          path,
          401,
          'ERR_UNAUTHENTICATED',
        ]);
        expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
      }
    }
  });

  test('without the scope of a route is refused there, whatever the body', async () => {
    const { api } = await open();
    for (const { method, path, scope } of ROUTES) {
      const others = (['send:template', 'send:custom', 'read', 'admin'] as const).filter(
        (one) => one !== scope && !(scope.startsWith('send:') && one.startsWith('send:')),
      );
      const { key } = await api.createKey({ scopes: others });
      await waitFor(async () => (await api.call('GET', '/v1/x', { key })).status !== 401);
      const answer = await api.call(method, path, { key, ...(method === 'POST' && { body: '{' }) });
      expect([path, answer.status, answer.json['code']]).toEqual([path, 403, 'ERR_FORBIDDEN']);
    }
  });

  test('of one kind may not send or cancel the other', async () => {
    const { shop, api } = await open();
    const { key } = await api.createKey({ scopes: ['send:template'] });
    await waitFor(async () => (await api.call('GET', '/v1/x', { key })).status !== 401);
    expect((await api.call('POST', '/v1/messages', { key, body: shop.custom() })).status).toBe(403);
    expect((await api.call('POST', '/v1/messages', { key, body: shop.template() })).status).toBe(
      202,
    );
    const custom = await api.call('POST', '/v1/messages', { body: shop.custom() });
    const path = `/v1/messages/${String(custom.json['messageId'])}`;
    expect((await api.call('DELETE', path, { key })).status).toBe(403);
    const batch = { messages: [shop.custom(), shop.template()] };
    const { json } = await api.call('POST', '/v1/messages/batch', { key, body: batch });
    expect(json['results']).toMatchObject([{ status: 403 }, { status: 202 }]);
  });

  test('of some accounts may use no other, on any route', async () => {
    const { shop, api } = await open();
    const { key } = await api.createKey({ appIds: ['wxAnother000000001'] });
    await waitFor(async () => (await api.call('GET', '/v1/x', { key })).status !== 401);
    const { json } = await api.call('POST', '/v1/messages', { body: shop.template() });
    const path = `/v1/messages/${String(json['messageId'])}`;
    const calls = [
      api.call('POST', '/v1/messages', { key, body: shop.template() }),
      api.call('GET', path, { key }),
      api.call('DELETE', path, { key }),
      api.call('GET', `/v1/dead-letters?appId=${shop.appId}`, { key }),
      api.call('POST', '/v1/dead-letters/redrive', { key, body: { appId: shop.appId } }),
      api.call('POST', '/v1/dead-letters/redrive', {
        key,
        body: { messageIds: [json['messageId']] },
      }),
      api.call('GET', `/v1/accounts/${shop.appId}`, { key }),
      api.call('POST', `/v1/accounts/${shop.appId}/pause`, { key }),
      api.call('POST', `/v1/accounts/${shop.appId}/resume`, { key }),
    ];
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual(calls.map(() => 403));
    const batch = await api.call('POST', '/v1/messages/batch', {
      key,
      body: { messages: [shop.template()] },
    });
    expect(batch.json['results']).toMatchObject([{ status: 403, code: 'ERR_FORBIDDEN' }]);
  });

  test('that is revoked is refused within 5 seconds, and its successor works meanwhile', async () => {
    const { api } = await open();
    const old = await api.createKey({ name: 'shop' });
    const next = await api.createKey({ name: 'shop' });
    await expect(api.createKey({ name: 'shop' })).rejects.toMatchObject({ code: 'ERR_KEY_LIMIT' });
    const use = async (key: string) => (await api.call('GET', '/v1/dead-letters', { key })).status;
    await waitFor(async () => (await use(next.key)) === 200);
    expect(await use(old.key)).toBe(200);
    await revokeKey(api.keysFile, old.id, Date.now);
    await waitFor(async () => (await use(old.key)) === 401, { timeoutMs: 5000 });
    expect(await use(next.key)).toBe(200);
  });

  test('stays good when somebody breaks the file, and every use is in the log by its name', async () => {
    const { api } = await open();
    const { id, key } = await api.createKey({ name: 'refunds' });
    await waitFor(async () => (await api.call('GET', '/v1/dead-letters', { key })).status === 200);
    await writeFile(api.keysFile, '{"keys": [');
    await waitFor(() => api.log.find(({ code }) => code === 'ERR_CONFIG'));
    expect((await api.call('GET', '/v1/dead-letters', { key })).status).toBe(200);
    expect(api.log.filter((line) => line['keyId'] === id).at(-1)).toMatchObject({
      msg: 'request',
      keyName: 'refunds',
      route: '/v1/dead-letters',
      status: 200,
    });
    expect(JSON.stringify(api.log)).not.toContain(key.slice(-43));
  });

  test('beyond its requests a second gets 429 with Retry-After, and others are not hindered', async () => {
    const { api } = await open({}, { COURIER_INGEST_RATE: '20' });
    const other = await api.createKey();
    await waitFor(
      async () => (await api.call('GET', '/v1/dead-letters', { key: other.key })).status === 200,
      { intervalMs: 200 },
    );
    const answers = await Promise.all(
      Array.from({ length: 60 }, () => api.call('GET', '/v1/dead-letters')),
    );
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThanOrEqual(20);
    expect(refused[0]?.json['code']).toBe('ERR_RATE');
    expect(refused[0]?.headers.get('retry-after')).toBe('1');
    expect((await api.call('GET', '/v1/dead-letters', { key: other.key })).status).toBe(200);
  });
});

describe('a message', () => {
  test('is accepted with 202 once it is in Redis, found, and sent', async () => {
    const { shop, api } = await open();
    const body = shop.template({ id: 'order-1' });
    const accepted = await api.call('POST', '/v1/messages', { body });
    expect(accepted.status).toBe(202);
    const messageId = String(accepted.json['messageId']);
    expect(accepted.json).toEqual({ messageId, status: 'queued' });
    expect(await shop.lane('template').getJob(messageId.split('.')[1] ?? '')).toBeDefined();
    const repeated = await api.call('POST', '/v1/messages', { body });
    expect([repeated.status, repeated.json]).toEqual([200, { messageId, status: 'duplicate' }]);
    const other = await api.call('POST', '/v1/messages', {
      body: shop.template({ id: 'order-1' }, { thing1: { value: 'other' } }),
    });
    expect([other.status, other.json['code']]).toEqual([409, 'ERR_ID_CONFLICT']);
    await shop.startWorker();
    await shop.reached(messageId, 'sent');
    const found = await api.call('GET', `/v1/messages/${messageId}`);
    expect(found.json).toMatchObject({ messageId, state: 'sent', attempts: [{ verdict: 'ok' }] });
    const late = await api.call('DELETE', `/v1/messages/${messageId}`);
    expect([late.status, late.json['code']]).toEqual([409, 'ERR_NOT_CANCELLABLE']);
  });

  test('that waits is cancelled, and is not sent', async () => {
    const { shop, api } = await open();
    const { json } = await api.call('POST', '/v1/messages', { body: shop.custom() });
    const path = `/v1/messages/${String(json['messageId'])}`;
    const cancelled = await api.call('DELETE', path);
    expect([cancelled.status, cancelled.json]).toEqual([200, { cancelled: true }]);
    expect((await api.call('GET', path)).json).toMatchObject({ state: 'cancelled' });
    expect((await api.call('GET', `/v1/messages/${NOBODY}`)).status).toBe(404);
    expect((await api.call('DELETE', '/v1/messages/nonsense')).status).toBe(404);
  });

  test('with the same id from fifty clients at once is one message', async () => {
    const { shop, api } = await open();
    const body = shop.template({ id: 'order-50' });
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => api.call('POST', '/v1/messages', { body })),
    );
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(49);
    expect(new Set(answers.map(({ json }) => json['messageId'])).size).toBe(1);
    expect(await shop.lane('template').getWaitingCount()).toBe(1);
  });

  test.each([
    ['an unknown field', { extra: 1 }, '/extra'],
    ['a wrong kind', { kind: 'sms' }, '/kind'],
    [
      'a message without a recipient',
      { message: { template_id: 'x', data: {} } },
      '/message/touser',
    ],
    ['an id with a line break', { id: 'a\nb' }, '/id'],
  ])('with %s is refused with the place of the mistake', async (_what, fields, path) => {
    const { shop, api } = await open();
    const { status, json } = await api.call('POST', '/v1/messages', {
      body: { ...(shop.template() as object), ...fields },
    });
    expect([status, json['code']]).toEqual([400, 'ERR_INVALID_MESSAGE']);
    const issues = json['issues'] as { path: string; reason: string }[];
    expect(issues.map((issue) => issue.path)).toContain(path);
  });

  test.each([
    ['no JSON', '{"appId": ', {}, 400, 'ERR_INVALID_MESSAGE'],
    ['nothing', '', { 'content-type': 'application/json' }, 400, 'ERR_INVALID_MESSAGE'],
    ['a list', [], {}, 400, 'ERR_INVALID_MESSAGE'],
    ['a hundred levels', '['.repeat(100), {}, 400, 'ERR_INVALID_MESSAGE'],
    ['text', 'hello', { 'content-type': 'text/plain' }, 415, 'ERR_MEDIA_TYPE'],
    [
      'a form',
      'a=b',
      { 'content-type': 'application/x-www-form-urlencoded' },
      415,
      'ERR_MEDIA_TYPE',
    ],
    ['more than 32,768 bytes', JSON.stringify('x'.repeat(32_767)), {}, 413, 'ERR_TOO_LARGE'],
  ])('that is %s is refused', async (_what, body, headers, status, code) => {
    const { api } = await open();
    const answer = await api.call('POST', '/v1/messages', { body, headers });
    expect([answer.status, answer.json['code']]).toEqual([status, code]);
  });

  test('of an account that nobody knows is refused with 404', async () => {
    const { shop, api } = await open();
    const body = { ...(shop.template() as object), appId: 'wx0000000000000000' };
    const { status, json } = await api.call('POST', '/v1/messages', { body });
    expect([status, json['code']]).toEqual([404, 'ERR_UNKNOWN_ACCOUNT']);
  });
});

describe('a batch', () => {
  test('has an answer for each, in order', async () => {
    const { shop, api } = await open();
    const messages = [
      shop.template({ id: 'b-1' }),
      { appId: shop.appId },
      shop.template({ id: 'b-1' }),
      shop.template({ id: 'b-1' }, { thing1: { value: 'other' } }),
      { ...(shop.custom() as object), appId: 'wx0000000000000000' },
      shop.custom({}),
      { ...(shop.custom() as object), padding: 'x'.repeat(32_768) },
    ];
    const { status, json } = await api.call('POST', '/v1/messages/batch', { body: { messages } });
    expect(status).toBe(207);
    const results = json['results'] as { status: number }[];
    expect(results.map((result) => result.status)).toEqual([202, 400, 200, 409, 404, 202, 413]);
    expect(results[1]).toMatchObject({ code: 'ERR_INVALID_MESSAGE' });
  });

  test.each([
    ['no list', {}],
    ['an empty list', { messages: [] }],
    ['501 messages', { messages: Array.from({ length: 501 }, () => ({})) }],
    ['a field nobody knows', { messages: [{}], more: 1 }],
    ['a list at the top', [{}]],
  ])('that is %s is refused whole', async (_what, body) => {
    const { api } = await open();
    const { status, json } = await api.call('POST', '/v1/messages/batch', { body });
    expect([status, json['code']]).toEqual([400, 'ERR_INVALID_MESSAGE']);
  });

  test('beyond 1 MB is refused', async () => {
    const { api } = await open();
    const body = { messages: ['x'.repeat(1_048_576)] };
    expect((await api.call('POST', '/v1/messages/batch', { body })).status).toBe(413);
  });
});

describe('dead letters', () => {
  async function withLetters(count: number) {
    const { shop, api } = await open({ workers: 1 });
    shop.fault('custom', { accept: false, reply: { kind: 'errcode', errcode: 45_015 }, count });
    const results = await shop.producer.enqueueMany(
      Array.from({ length: count }, (_, at) => shop.custom({ id: `dead-${at}` })),
    );
    const ids = results.map((result) => ('messageId' in result ? result.messageId : ''));
    for (const id of ids) await shop.reached(id, 'dead');
    const letters = openDeadLetters(shop.redis, () => undefined);
    await eventually(async () => {
      const page = await api.call('GET', `/v1/dead-letters?appId=${shop.appId}&limit=1000`);
      expect(page.json['deadLetters']).toHaveLength(count);
    });
    await letters.close();
    return { shop, api, ids };
  }

  test('are listed page by page, each once, by every filter', async () => {
    const { shop, api, ids } = await withLetters(25);
    const seen: string[] = [];
    let cursor = '';
    for (let pages = 0; pages < 10; pages += 1) {
      const query = `appId=${shop.appId}&limit=7${cursor && `&cursor=${cursor}`}`;
      const { json } = await api.call('GET', `/v1/dead-letters?${query}`);
      seen.push(...(json['deadLetters'] as { messageId: string }[]).map((one) => one.messageId));
      cursor = typeof json['cursor'] === 'string' ? json['cursor'] : '';
      if (cursor === '') break;
    }
    expect(seen.toSorted()).toEqual(ids.toSorted());
    const count = async (query: string) =>
      (await api.call('GET', `/v1/dead-letters?appId=${shop.appId}&${query}`)).json['deadLetters'];
    expect(await count('errcode=45015')).toHaveLength(25);
    expect(await count('errcode=40003')).toEqual([]);
    expect(await count('reason=window-expired')).toHaveLength(25);
    expect(await count(`since=${Date.now() + 60_000}`)).toEqual([]);
    for (const query of [
      'reason=bored',
      'limit=0',
      'limit=x',
      'cursor=%20',
      'colour=red',
      'since=1',
    ]) {
      const { status, json } = await api.call('GET', `/v1/dead-letters?${query}`);
      expect([query, status, json['code']]).toEqual([query, 400, 'ERR_INVALID_FILTER']);
    }
  });

  test('are redriven by id and by filter, never all by accident', async () => {
    const { shop, api, ids } = await withLetters(5);
    const redrive = (body: unknown) => api.call('POST', '/v1/dead-letters/redrive', { body });
    for (const body of [
      {},
      { messageIds: [] },
      { messageIds: ['x'] },
      { all: true, messageIds: ids },
    ]) {
      expect((await redrive(body)).status).toBe(400);
    }
    const [first = ''] = ids;
    const missing = `${shop.appId}.${'0'.repeat(26)}`;
    const one = await redrive({ messageIds: [first, missing] });
    expect([one.status, one.json]).toEqual([
      202,
      { count: 1, notFound: [missing], notPossible: [], more: false },
    ]);
    await shop.reached(first, 'sent');
    const rest = await redrive({ appId: shop.appId, errcode: 45_015 });
    expect([rest.status, rest.json['count']]).toEqual([202, 4]);
    for (const id of ids) await shop.reached(id, 'sent');
    expect(shop.taken('custom')).toHaveLength(5);
  });
});

test('an account is looked at, paused and resumed', async () => {
  const { shop, api } = await open({ workers: 1 });
  const path = `/v1/accounts/${shop.appId}`;
  const paused = await api.call('POST', `${path}/pause`);
  expect([paused.status, paused.json['pause']]).toMatchObject([200, { cause: 'operator' }]);
  const { json } = await api.call('POST', '/v1/messages', { body: shop.template() });
  const view = await api.call('GET', path);
  expect(view.json).toMatchObject({
    appId: shop.appId,
    lanes: [
      { kind: 'template', waiting: 1, paused: true, perSecond: 100 },
      { kind: 'custom', waiting: 0, paused: true },
    ],
    token: { state: 'none' },
    quota: [
      { kind: 'template', spentUntil: null },
      { kind: 'custom', spentUntil: null },
    ],
  });
  expect((await api.call('POST', `${path}/resume`)).json['pause']).toBeUndefined();
  await shop.reached(String(json['messageId']), 'sent');
  const after = await api.call('GET', path);
  expect(after.json['token']).toMatchObject({ state: 'valid', generation: 1 });
  expect(after.text).not.toContain(shop.secret);
  expect((await api.call('GET', '/v1/accounts/wx0000000000000000')).status).toBe(404);
});

test('health, metrics and the description of the API need no key', async () => {
  const { api } = await open();
  for (const path of ['/healthz', '/readyz', '/metrics', '/openapi.json']) {
    expect([path, (await api.call('GET', path, { key: null })).status]).toEqual([path, 200]);
  }
  await api.call('GET', '/v1/dead-letters');
  const { text } = await api.call('GET', '/metrics', { key: null });
  expect(text).toContain(
    'courier_http_requests_total{method="GET",route="/v1/dead-letters",status="200"} 1',
  );
});

test('a client that sends its request drop by drop is cut off, others are served', async () => {
  const { api } = await open();
  const socket = connect(api.port, '127.0.0.1');
  const said: string[] = [];
  socket.on('error', () => undefined).on('data', (chunk) => said.push(String(chunk)));
  await once(socket, 'connect');
  socket.write('POST /v1/messages HTTP/1.1\r\nHost: x\r\n');
  const closed = once(socket, 'close');
  expect((await api.call('GET', '/healthz')).status).toBe(200);
  // Five seconds for the headers, and a look each second.
  await closed;
  expect(said.join('')).toMatch(/^HTTP\/1.1 408 .*application\/problem\+json.*ERR_TOO_SLOW/s);
});
