import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  createDatabase,
  type DatabaseSession,
  postgres,
  type TestDatabase,
} from '../helpers/database.ts';
import type { RunningProcess } from '../helpers/processes.ts';
import { waitFor } from '../helpers/wait-for.ts';
import { APP, OPENID, useCli } from './cli-harness.ts';

/* The relay as a process, on a real PostgreSQL, killed again and again. */

const cli = useCli();
let database: TestDatabase;
let env: Record<string, string>;

beforeAll(async () => {
  database = await createDatabase(postgres);
  await database.start();
  env = {
    REDIS_URL: cli.redis.url,
    COURIER_METRICS_PORT: '0',
    COURIER_OUTBOX_URL: database.url,
  };
});
afterAll(() => database.remove());

const courier = (...args: string[]) => cli.courierWith({ args, env });
const startRelay = () => cli.start('dist/outbox/main.js', { env });

test('without its table the relay exits with 78 and says how to make it', async () => {
  const relay = startRelay();
  expect(await relay.exited).toMatchObject({ code: 78 });
  expect(relay.stderr.join('\n')).toMatch(/^ERR_CONFIG: .*courier outbox table --for postgresql/);
  const { stdout } = await courier('outbox', 'table', '--for', 'postgresql');
  const session = await database.connect();
  await session.query(stdout);
  await session.close();
});

test('orders that commit are messages, once each, and those that roll back are none, whatever is killed', async () => {
  const worker = await cli.startWorker();
  const relays: RunningProcess[] = [startRelay(), startRelay()];
  await Promise.all(relays.map((relay) => relay.ready()));
  const committed = new Set<string>();
  let session: DatabaseSession = await database.connect();
  await session.query('CREATE TABLE orders (id text PRIMARY KEY)');

  async function order(number: number): Promise<void> {
    const id = `order-${number}-paid`;
    const message = { touser: OPENID, msgtype: 'text', text: { content: id } };
    await session.query('BEGIN');
    await session.query('INSERT INTO orders VALUES ($1)', [id]);
    const envelope = { appId: APP, kind: 'custom', id, message };
    const row = JSON.stringify(envelope);
    await session.query('INSERT INTO courier_outbox (envelope) VALUES ($1)', [row]);
    await session.query(number % 5 === 0 ? 'ROLLBACK' : 'COMMIT');
    if (number % 5 !== 0) committed.add(id);
  }

  for (let number = 1; number <= 400; number += 1) {
    await order(number);
    if (number % 40 === 0) {
      const index = (number / 40) % 2;
      await delay(randomInt(60));
      await relays[index]?.stop('SIGKILL');
      relays[index] = startRelay();
    }
    if (number === 220) {
      await session.close();
      await database.kill();
      await database.start();
      session = await database.connect();
    }
  }
  await waitFor(
    async () => {
      const [row] = await session.query('SELECT count(*)::int AS rows FROM courier_outbox');
      return row?.['rows'] === 0;
    },
    { timeoutMs: 30_000, what: 'the outbox to be empty' },
  );
  const texts = () => {
    const { json } = cli.simulator.control('GET', '/_control/record?limit=10000');
    const { entries } = json as { entries: { body: { text?: { content: string } } }[] };
    return entries.map(({ body }) => body.text?.content ?? '');
  };
  await waitFor(() => texts().length >= committed.size, { timeoutMs: 30_000 });
  expect(texts().toSorted()).toEqual([...committed].toSorted());
  expect(committed.size).toBe(320);
  await session.close();
  for (const relay of relays) {
    await relay.ready();
    expect(await relay.stop()).toEqual({ code: 0, signal: null });
  }
  await worker.stop();
});

test('a row that can never be accepted is shown with its reason, and its lag is not counted', async () => {
  const session = await database.connect();
  const envelope = JSON.stringify({ appId: 'wxffffffffffffffff', kind: 'custom', id: 'x' });
  await session.query('INSERT INTO courier_outbox (envelope) VALUES ($1)', [envelope]);
  const relay = startRelay();
  const { port } = await relay.ready();
  const metrics = () => fetch(`http://127.0.0.1:${String(port)}/metrics`).then((r) => r.text());
  await waitFor(async () => (await metrics()).includes('courier_outbox_rejected 1'));
  expect(await metrics()).toContain('courier_outbox_lag_seconds 0');
  expect((await courier('outbox', 'show')).stdout).toMatch(
    /rejected\s+1[\s\S]*ERR_INVALID_MESSAGE/,
  );
  await relay.stop();
  const retried = await courier('outbox', 'retry', '--all', '--json');
  expect(retried.json()).toEqual({ retried: 1, missing: 0 });
  expect((await courier('outbox', 'retry')).code).toBe(2);
  await session.close();
});
