import { expect, test } from 'vitest';
import { batched } from '../../src/shared/ledger/batch.ts';

test('calls of one turn travel together, and everybody gets the own result', async () => {
  const batches: number[][] = [];
  const double = batched<number, number>(async (requests) => {
    batches.push([...requests]);
    return requests.map((request) => request * 2);
  }, 100);
  const results = await Promise.all([1, 2, 3].map((value) => double(value)));
  expect(results).toEqual([2, 4, 6]);
  expect(batches).toEqual([[1, 2, 3]]);
});

test('calls of later turns form batches of their own', async () => {
  const sizes: number[] = [];
  const echo = batched<number, number>(async (requests) => {
    sizes.push(requests.length);
    return requests;
  }, 100);
  await echo(1);
  await Promise.all([echo(2), echo(3)]);
  expect(sizes).toEqual([1, 2]);
});

test('more than fit are cut into batches of the largest size', async () => {
  const sizes: number[] = [];
  const echo = batched<number, number>(async (requests) => {
    sizes.push(requests.length);
    return requests;
  }, 100);
  const values = Array.from({ length: 250 }, (_, index) => index);
  expect(await Promise.all(values.map((value) => echo(value)))).toEqual(values);
  expect(sizes).toEqual([100, 100, 50]);
});

test('a call made while a batch is on its way is not lost', async () => {
  let release: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  const started: number[][] = [];
  const echo = batched<number, number>(async (requests) => {
    started.push([...requests]);
    if (started.length === 1) await gate;
    return requests;
  }, 100);
  const first = echo(1);
  await new Promise((resolve) => setImmediate(resolve));
  const second = echo(2);
  expect(await second).toBe(2);
  release();
  expect(await first).toBe(1);
});

test('a failing batch fails for all of its callers and for nobody else', async () => {
  const run = batched<number, number>(async (requests) => {
    if (requests.includes(13)) throw new Error('thirteen');
    return requests;
  }, 2);
  const results = await Promise.allSettled([run(1), run(13), run(3), run(4)]);
  expect(results.map(({ status }) => status)).toEqual([
    'rejected',
    'rejected',
    'fulfilled',
    'fulfilled',
  ]);
  expect(await run(5)).toBe(5);
});

test('too few results are an error, not a call that never ends', async () => {
  const run = batched<number, number>(async () => [1], 100);
  const results = await Promise.allSettled([run(1), run(2)]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});

test('a run that throws at once rejects its callers', async () => {
  const run = batched<number, number>(() => {
    throw new Error('at once');
  }, 100);
  await expect(run(1)).rejects.toThrow('at once');
});
