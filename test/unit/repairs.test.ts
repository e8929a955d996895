import { pino } from 'pino';
import { expect, test } from 'vitest';
import { createRepairs } from '../../src/dashboard/repairs.ts';
import type { DeadLetter, DeadLetters } from '../../src/producer/index.ts';

const LETTERS = 250;

/** Letters 0 to 249 in memory; each page waits until it is let through. */
function office(options: { fails?: boolean; missing?: readonly number[] } = {}) {
  const gates: (() => void)[] = [];
  const redriven: string[] = [];
  const log: Record<string, unknown>[] = [];
  const deadLetters: Pick<DeadLetters, 'page' | 'redrive' | 'purge'> = {
    async page({ cursor = '0', limit = 100 } = {}) {
      await new Promise<void>((resolve) => gates.push(resolve));
      if (options.fails === true) throw new Error('Redis is away');
      const from = Number(cursor);
      const to = Math.min(from + limit, LETTERS);
      const letters = Array.from({ length: to - from }, (_, index) => letter(from + index));
      return { letters, looked: letters.length, ...(to < LETTERS && { cursor: String(to) }) };
    },
    async redrive(messageId) {
      if (options.missing?.includes(Number(messageId)) === true) return false;
      redriven.push(messageId);
      return true;
    },
    purge: () => Promise.resolve(true),
  };
  let id = 0;
  let now = 1000;
  const repairs = createRepairs({
    deadLetters,
    countDeadLetters: () => Promise.resolve(LETTERS),
    now: () => (now += 1),
    newId: () => `repair-${(id += 1)}`,
    logger: pino({ level: 'info' }, { write: (line: string) => void log.push(JSON.parse(line)) }),
  });
  /** Lets so many pages through, each when it is asked for. */
  async function pass(pages: number): Promise<void> {
    for (let page = 0; page < pages; page += 1) {
      await settled(() => gates.length > 0);
      gates.shift()?.();
    }
  }
  return { repairs, redriven, log, pass };
}

function letter(index: number): DeadLetter {
  return { messageId: String(index) } as DeadLetter;
}

/** All is in memory: a few turns of the event loop are enough. */
async function settled(isTrue: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1000 && !isTrue(); turn += 1) await new Promise(setImmediate);
  if (!isTrue()) throw new Error('It never came true');
}

test('every letter is done once, in chunks, and each chunk is seen', async () => {
  const { repairs, redriven, log, pass } = office({ missing: [3, 120] });
  const started = await repairs.start('redrive', { reason: 'expired' }, 'li.na');
  expect(started).toMatchObject({ state: 'running', total: LETTERS, done: 0 });
  const { id = '' } = started ?? {};
  await pass(1);
  await settled(() => repairs.find(id)?.looked === 100);
  expect(repairs.find(id)).toMatchObject({ state: 'running', done: 99, left: 1 });
  await pass(2);
  await settled(() => repairs.find(id)?.state === 'finished');
  expect(repairs.find(id)).toMatchObject({ looked: LETTERS, done: 248, left: 2 });
  expect(new Set(redriven).size).toBe(248);
  expect(redriven).toHaveLength(248);
  expect(log.map(({ msg, user, reason }) => [msg, user, reason])).toEqual([
    ['repair begun', 'li.na', 'expired'],
    ['repair ended', 'li.na', 'expired'],
  ]);
});

test('a second one is refused while one runs, and taken after it', async () => {
  const { repairs, pass } = office();
  const both = await Promise.all([
    repairs.start('redrive', {}, 'li.na'),
    repairs.start('purge', {}, 'han.mei'),
  ]);
  expect(both[1]).toBeNull();
  await pass(3);
  await settled(() => repairs.latest()[0]?.state === 'finished');
  expect(await repairs.start('purge', {}, 'han.mei')).toMatchObject({ user: 'han.mei' });
  expect(repairs.latest().map(({ user }) => user)).toEqual(['han.mei', 'li.na']);
});

test('one that is stopped ends after the letters in hand, and so does one whose process ends', async () => {
  const { repairs, redriven, pass } = office();
  const { id = '' } = (await repairs.start('redrive', {}, 'li.na')) ?? {};
  await pass(1);
  await settled(() => repairs.find(id)?.looked === 100);
  repairs.stop(id);
  await pass(1);
  await settled(() => repairs.find(id)?.state === 'stopped');
  expect(redriven).toHaveLength(200);
  const second = (await repairs.start('redrive', {}, 'li.na')) ?? { id: '' };
  const closed = repairs.close();
  await pass(1);
  await closed;
  expect(repairs.find(second.id)).toMatchObject({ state: 'stopped', looked: 100 });
});

test('one that Redis cuts off says so, and another may start', async () => {
  const { repairs, pass } = office({ fails: true });
  const { id = '' } = (await repairs.start('purge', {}, 'li.na')) ?? {};
  await pass(1);
  await settled(() => repairs.find(id)?.state === 'failed');
  expect(repairs.find(id)).toMatchObject({ problem: 'Redis is away', done: 0 });
  expect(await repairs.start('redrive', {}, 'li.na')).not.toBeNull();
});
