import { Validator } from '@seriousme/openapi-schema-validator';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { useCourier } from '../helpers/courier.ts';
import { type Answer, startIngest, type TestIngest } from '../helpers/ingest.ts';
import { createRestartableRedis } from '../helpers/restartable-redis.ts';
import { waitFor } from '../helpers/wait-for.ts';

/* The HTTP API against hostile bodies, and while Redis is away. */

const courier = useCourier();
const running: TestIngest[] = [];
afterEach(async () => {
  for (const ingest of running.splice(0)) await ingest.stop();
});

/** Runs calls, so many at a time. */
async function inParallel<Item>(
  items: readonly Item[],
  atOnce: number,
  call: (item: Item) => Promise<Answer>,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let start = 0; start < items.length; start += atOnce) {
    answers.push(...(await Promise.all(items.slice(start, start + atOnce).map(call))));
  }
  return answers;
}

/** A text with some places cut out, doubled, or overwritten. */
function mutationsOf(text: string): fc.Arbitrary<string> {
  const place = fc.nat(text.length - 1);
  const edit = fc.oneof(
    fc.tuple(place, place).map(
      ([at, size]) =>
        (body: string) =>
          body.slice(0, at) + body.slice(at + (size % 20)),
    ),
    fc.tuple(place, place).map(
      ([at, size]) =>
        (body: string) =>
          body.slice(0, at) + body.slice(at, at + size) + body.slice(at),
    ),
    fc
      .tuple(
        place,
        fc.constantFrom(
          '"',
          '{',
          ']',
          ',',
          '\\',
          '\u0000',
          '-1',
          'null',
          '1e999',
          '\\ud800',
          '__proto__',
          '日',
        ),
      )
      .map(
        ([at, piece]) =>
          (body: string) =>
            body.slice(0, at) + piece + body.slice(at + piece.length),
      ),
  );
  return fc
    .array(edit, { minLength: 1, maxLength: 4 })
    .map((edits) => edits.reduce((body, apply) => apply(body), text));
}

test(
  'five thousand mutated bodies cause no 5xx, no crash and no growth',
  { timeout: 120_000 },
  async () => {
    const shop = await courier.open({ workers: 0 });
    await shop.writeAccounts({});
    const api = await startIngest(shop);
    running.push(api);
    const valid = [shop.template({ id: 'm' }), shop.custom({ id: 'c', priority: 'low' })];
    const bodies = fc.sample(
      fc.oneof(
        ...valid.map((envelope) => mutationsOf(JSON.stringify(envelope))),
        fc.json({ maxDepth: 6 }),
        fc
          .record({
            appId: fc.anything(),
            kind: fc.constantFrom('template', 'custom'),
            message: fc.object(),
          })
          .map((value) => JSON.stringify(value)),
      ),
      { numRuns: 5500, seed: 20_261_125 },
    );
    const send = (body: string) => api.call('POST', '/v1/messages', { body });
    await inParallel(bodies.slice(0, 500), 50, send);
    const before = process.memoryUsage().heapUsed;
    const answers = await inParallel(bodies.slice(500), 50, send);
    expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
    const refused = answers.filter(({ status }) => status >= 400);
    expect(refused.length).toBeGreaterThan(2000);
    for (const { json } of refused)
      expect(json).toMatchObject({ code: expect.stringMatching(/^ERR_/) });
    expect((await api.call('GET', '/readyz')).status).toBe(200);
    // The answers themselves are kept here: some kilobytes each at most.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(150_000_000);
  },
);

test('the description of the API is valid OpenAPI 3.1, and knows every route and code', async () => {
  const shop = await courier.open({ workers: 0 });
  await shop.writeAccounts({});
  const api = await startIngest(shop);
  running.push(api);
  const { json } = await api.call('GET', '/openapi.json', { key: null });
  const result = await new Validator().validate(json);
  expect(result.errors ?? []).toEqual([]);
  expect(result.valid).toBe(true);
  expect(Object.keys(json['paths'] as object)).toEqual([
    '/v1/messages',
    '/v1/messages/batch',
    '/v1/messages/{messageId}',
    '/v1/dead-letters',
    '/v1/dead-letters/redrive',
    '/v1/accounts/{appId}',
    '/v1/accounts/{appId}/pause',
    '/v1/accounts/{appId}/resume',
    '/openapi.json',
    '/healthz',
    '/readyz',
    '/metrics',
  ]);
});

test(
  'with Redis stopped a thousand requests get 503 in time; with it back nothing is doubled',
  { timeout: 120_000 },
  async () => {
    const redis = await createRestartableRedis();
    await redis.start();
    const shop = await courier.open({ workers: 0 });
    await shop.writeAccounts({});
    const api = await startIngest({ ...shop, redisUrl: redis.url });
    try {
      const bodies = Array.from({ length: 1000 }, (_, at) => shop.template({ id: `away-${at}` }));
      const send = (body: object) => api.call('POST', '/v1/messages', { body });
      expect((await send(shop.template({ id: 'warm' }))).status).toBe(202);
      await redis.end('SIGKILL');
      const answers = await Promise.all(bodies.map(send));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
      expect(answers.every(({ headers }) => Number(headers.get('retry-after')) >= 1)).toBe(true);
      // As the server took them: the thousand clients live in this process, too.
      const times = api.log.flatMap((line) =>
        line['status'] === 503 ? Number(line['durationMs']) : [],
      );
      expect(times).toHaveLength(1000);
      expect(Math.max(...times)).toBeLessThan(2500);
      expect((await api.call('GET', '/readyz')).status).toBe(503);
      expect((await api.call('GET', '/healthz')).status).toBe(200);
      await redis.start();
      await waitFor(async () => (await api.call('GET', '/readyz')).status === 200, {
        timeoutMs: 10_000,
      });
      const again = await inParallel(bodies, 100, send);
      expect(again.every(({ status }) => status === 202 || status === 200)).toBe(true);
      const view = await api.call('GET', `/v1/accounts/${shop.appId}`);
      expect(view.json['lanes']).toMatchObject([{ kind: 'template', waiting: 1001 }, {}]);
    } finally {
      await api.stop();
      await redis.remove();
    }
  },
);
