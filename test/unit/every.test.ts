import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { pino } from 'pino';
import { every } from '../../src/shared/every.ts';

const lines: Record<string, unknown>[] = [];
const logger = pino({ level: 'debug' }, { write: (line: string) => lines.push(JSON.parse(line)) });

beforeEach(() => {
  lines.length = 0;
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('a chore is done at the start, and then again and again', async () => {
  let done = 0;
  const chore = every('count', 1000, logger, async () => {
    done += 1;
  });
  await chore.start();
  expect(done).toBe(1);
  await vi.advanceTimersByTimeAsync(3000);
  expect(done).toBe(4);
  await chore.stop();
  await vi.advanceTimersByTimeAsync(3000);
  expect(done).toBe(4);
});

test('a slow chore never runs twice at once', async () => {
  let running = 0;
  let most = 0;
  const chore = every('slow', 1000, logger, async () => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setTimeout(resolve, 3500));
    running -= 1;
  });
  await chore.start();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(most).toBe(1);
  const stopped = chore.stop();
  await vi.advanceTimersByTimeAsync(4000);
  await stopped;
});

test('a failing chore is logged and goes on', async () => {
  let tries = 0;
  const chore = every('fragile', 1000, logger, async () => {
    tries += 1;
    throw new Error('no luck');
  });
  await chore.start();
  await vi.advanceTimersByTimeAsync(1000);
  expect(tries).toBe(2);
  expect(lines[0]).toMatchObject({ chore: 'fragile', detail: 'no luck' });
  await chore.stop();
});

test('a chore that throws before its first await is no different', async () => {
  const chore = every('early', 1000, logger, () => {
    throw new Error('at once');
  });
  await chore.start();
  await vi.advanceTimersByTimeAsync(1000);
  expect(lines).toHaveLength(2);
  await chore.stop();
});

test('stopping waits for the chore that is under way', async () => {
  let finished = false;
  const chore = every('slow', 1000, logger, async () => {
    await new Promise((resolve) => setTimeout(resolve, 500));
    finished = true;
  });
  await chore.start();
  await vi.advanceTimersByTimeAsync(1100);
  finished = false;
  let stopped = false;
  const stopping = chore.stop().then(() => (stopped = true));
  await vi.advanceTimersByTimeAsync(100);
  expect(stopped).toBe(false);
  await vi.advanceTimersByTimeAsync(500);
  await stopping;
  expect(finished).toBe(true);
});

test('starting twice does it once', async () => {
  let done = 0;
  const chore = every('count', 1000, logger, async () => {
    done += 1;
  });
  await chore.start();
  await chore.start();
  await vi.advanceTimersByTimeAsync(1000);
  await chore.stop();
  expect(done).toBe(2);
});
