import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openOutbox } from '../../src/outbox/open-outbox.ts';
import type { Outbox, RowFate } from '../../src/outbox/outbox.ts';
import {
  createDatabase,
  type DatabaseSession,
  hasMariadb,
  mariadb,
  postgres,
  type TestDatabase,
} from '../helpers/database.ts';

/* The outbox table in real databases. MariaDB only where it is installed. */

const TABLES = path.resolve(import.meta.dirname, '../../src/outbox/tables');
const GONE: RowFate = { kind: 'handed-over', duplicate: false };
const KEPT: RowFate = { kind: 'kept', retryAfterMs: 1 };

describe.each([
  { name: 'PostgreSQL', engine: postgres, dialect: 'postgresql', isHere: true },
  { name: 'MariaDB', engine: mariadb, dialect: 'mysql', isHere: hasMariadb() },
])('the outbox in $name', ({ engine, dialect, isHere }) => {
  let database: TestDatabase;
  let session: DatabaseSession;
  let outbox: Outbox;
  const insert = (envelope: object) =>
    session.query(
      dialect === 'mysql'
        ? 'INSERT INTO courier_outbox (envelope) VALUES (?)'
        : 'INSERT INTO courier_outbox (envelope) VALUES ($1)',
      [JSON.stringify(envelope)],
    );

  beforeAll(async () => {
    if (!isHere) return;
    database = await createDatabase(engine);
    await database.start();
    session = await database.connect();
    await session.query(readFileSync(path.join(TABLES, `${dialect}.sql`), 'utf8'));
    outbox = await openOutbox({ outboxUrl: database.url, outboxTable: 'courier_outbox' });
  }, 60_000);
  afterAll(async () => {
    if (!isHere) return;
    await outbox.close();
    await session.close();
    await database.remove();
  });

  test.runIf(isHere)('a row handed over goes, one kept comes again', async () => {
    await insert({ id: 'a', n: 1 });
    await insert({ id: 'b', n: 2 });
    const seen: unknown[] = [];
    await outbox.drain(10, (rows) => {
      seen.push(...rows.map(({ envelope }) => envelope));
      return Promise.resolve([GONE, KEPT]);
    });
    expect(seen).toEqual([
      { id: 'a', n: 1 },
      { id: 'b', n: 2 },
    ]);
    expect(await outbox.backlog()).toMatchObject({ waiting: 1, rejected: 0 });
    await outbox.drain(10, (rows) => Promise.resolve(rows.map(() => GONE)));
    expect(await outbox.backlog()).toEqual({ waiting: 0, rejected: 0, lagSeconds: 0 });
  });

  test.runIf(isHere)('a rejected row waits for a person, and then again', async () => {
    await insert({ id: 'bad' });
    const rejected: RowFate = { kind: 'rejected', code: 'ERR_INVALID_MESSAGE', reason: '/kind: …' };
    await outbox.drain(10, () => Promise.resolve([rejected]));
    expect(await outbox.drain(10, (rows) => Promise.resolve(rows.map(() => GONE)))).toEqual([]);
    const [row] = await outbox.rejected(10);
    expect(row).toMatchObject({
      envelope: { id: 'bad' },
      code: 'ERR_INVALID_MESSAGE',
      reason: '/kind: …',
    });
    expect(Math.abs((row?.rejectedAt ?? 0) - Date.now())).toBeLessThan(60_000);
    expect(await outbox.retry(['999999'])).toBe(0);
    expect(await outbox.retry([row?.rowId ?? ''])).toBe(1);
    expect(await outbox.drain(10, (rows) => Promise.resolve(rows.map(() => GONE)))).toHaveLength(1);
  });

  test.runIf(isHere)('two relays never hold one row, and callers insert meanwhile', async () => {
    await insert({ id: 'one' });
    await insert({ id: 'two' });
    const inner: unknown[] = [];
    await outbox.drain(1, async (rows) => {
      await insert({ id: 'three' });
      await outbox.drain(10, (others) => {
        inner.push(...others.map(({ envelope }) => (envelope as { id: string }).id));
        return Promise.resolve(others.map(() => GONE));
      });
      return rows.map(() => GONE);
    });
    expect(inner).toEqual(['two', 'three']);
    expect(await outbox.backlog()).toMatchObject({ waiting: 0 });
  });

  test.runIf(isHere)(
    'what was handed over comes again if it could not be written down',
    async () => {
      await insert({ id: 'again' });
      const broken = outbox.drain(10, () => Promise.reject(new Error('the process dies')));
      await expect(broken).rejects.toThrow('the process dies');
      // The server lets go of its rows when it has seen that the connection is closed.
      const again = () => outbox.drain(10, (rows) => Promise.resolve(rows.map(() => GONE)));
      await expect.poll(async () => (await again()).length).toBe(1);
    },
  );

  test.runIf(isHere)('an envelope without an id is refused to the caller', async () => {
    await expect(insert({ kind: 'template' })).rejects.toThrow(/check|constraint/i);
    await expect(insert({ id: 7 })).rejects.toThrow(/check|constraint/i);
  });

  test.runIf(isHere)(
    'a server that dies while rows are held costs this round, not the process',
    async () => {
      await insert({ id: 'held' });
      const uncaught: unknown[] = [];
      const note = (error: unknown) => void uncaught.push(error);
      process.on('uncaughtException', note);
      try {
        const round = outbox.drain(10, async (rows) => {
          await database.kill();
          // Then the relay's connection has met its end, too.
          await expect
            .poll(() => session.query('SELECT 1').then(String, () => 'broken'))
            .toBe('broken');
          return rows.map(() => GONE);
        });
        await expect(round).rejects.toThrow(/connection|closed|gone/i);
        await database.start();
        await expect
          .poll(
            async () =>
              (await outbox.drain(10, (rows) => Promise.resolve(rows.map(() => GONE)))).length,
            {
              timeout: 30_000,
            },
          )
          .toBe(1);
        expect(uncaught).toEqual([]);
      } finally {
        process.off('uncaughtException', note);
      }
    },
  );
});
