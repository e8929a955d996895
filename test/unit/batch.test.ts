import { expect, test } from 'vitest';
import { batched } from '../../src/shared/batch.ts';

test('calls of one turn travel together, and everybody gets the own result', async () => {
  const batches: number[][] = [];
  const double = batched<number, number>(
    async (requests) => {
      batches.push([...requests]);
      return requests.map((request) => request * 2);
    },
    { maxSize: 100 },
  );
  const results = await Promise.all([1, 2, 3].map((value) => double(value)));
  expect(results).toEqual([2, 4, 6]);
  expect(batches).toEqual([[1, 2, 3]]);
});

test('calls of later turns form batches of their own', async () => {
  const sizes: number[] = [];
  const echo = batched<number, number>(
    async (requests) => {
      sizes.push(requests.length);
      return requests;
    },
    { maxSize: 100 },
  );
  await echo(1);
  await Promise.all([echo(2), echo(3)]);
  expect(sizes).toEqual([1, 2]);
});

test('more than fit are cut into batches of the largest size', async () => {
  const sizes: number[] = [];
  const echo = batched<number, number>(
    async (requests) => {
      sizes.push(requests.length);
      return requests;
    },
    { maxSize: 100 },
  );
  const values = Array.from({ length: 250 }, (_, index) => index);
  expect(await Promise.all(values.map((value) => echo(value)))).toEqual(values);
  expect(sizes).toEqual([100, 100, 50]);
});

test('a call made while a batch is on its way is not lost', async () => {
  let release: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  const started: number[][] = [];
  const echo = batched<number, number>(
    async (requests) => {
      started.push([...requests]);
      if (started.length === 1) await gate;
      return requests;
    },
    { maxSize: 100 },
  );
  const first = echo(1);
  await new Promise((resolve) => setImmediate(resolve));
  const second = echo(2);
  expect(await second).toBe(2);
  release();
  expect(await first).toBe(1);
});

test('a failing batch fails for all of its callers and for nobody else', async () => {
  const run = batched<number, number>(
    async (requests) => {
      if (requests.includes(13)) throw new Error('thirteen');
      return requests;
    },
    { maxSize: 2 },
  );
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
  const run = batched<number, number>(async () => [1], { maxSize: 100 });
  const results = await Promise.allSettled([run(1), run(2)]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});

test('a run that throws at once rejects its callers', async () => {
  const run = batched<number, number>(
    () => {
      throw new Error('at once');
    },
    { maxSize: 100 },
  );
  await expect(run(1)).rejects.toThrow('at once');
});

/** Batches that end when the test says so. */
function gated(gatherMs: number, maxSize = 100) {
  const batches: { readonly requests: readonly number[]; readonly end: () => void }[] = [];
  const call = batched<number, number>(
    (requests) =>
      new Promise((resolve) => {
        batches.push({ requests, end: () => resolve(requests) });
      }),
    { maxSize, gatherMs },
  );
  return { batches, call, sizes: () => batches.map(({ requests }) => requests.length) };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('with gathering, calls of many turns wait for the batch under way and leave together', async () => {
  const { batches, call, sizes } = gated(60_000);
  const calls = [call(0)];
  await turn();
  for (let value = 1; value <= 5; value += 1) {
    calls.push(call(value));
    await turn();
  }
  expect(sizes()).toEqual([1]);
  batches[0]?.end();
  expect(await calls[0]).toBe(0);
  await turn();
  expect(sizes()).toEqual([1, 5]);
  batches[1]?.end();
  expect(await Promise.all(calls)).toEqual([0, 1, 2, 3, 4, 5]);
});

test('with gathering, a batch that does not come back holds up the next for that long only', async () => {
  const { batches, call, sizes } = gated(20);
  const first = call(0);
  await turn();
  const second = call(1);
  await expect.poll(sizes).toEqual([1, 1]);
  batches[1]?.end();
  expect(await second).toBe(1);
  batches[0]?.end();
  expect(await first).toBe(0);
});

test('with gathering, a full batch does not wait', async () => {
  const { batches, call, sizes } = gated(60_000, 3);
  const calls = [call(0)];
  await turn();
  calls.push(call(1));
  await turn();
  calls.push(call(2), call(3));
  expect(sizes()).toEqual([1, 3]);
  for (const { end } of batches) end();
  expect(await Promise.all(calls)).toEqual([0, 1, 2, 3]);
});
