import { expect, test } from 'vitest';
import { createSnapshot } from '../../src/dashboard/snapshot.ts';

function counted(fails: readonly number[] = [], freshMs = 1000) {
  let reads = 0;
  let now = 0;
  const snapshot = createSnapshot(
    freshMs,
    () => now,
    async () => {
      reads += 1;
      if (fails.includes(reads)) throw new Error(`read ${reads} failed`);
      return reads;
    },
  );
  return { snapshot, later: (ms: number) => (now += ms) };
}

test('is read once for all who ask at once, and again when it is old', async () => {
  const { snapshot, later } = counted();
  expect(await Promise.all([snapshot.read(), snapshot.read()])).toEqual([1, 1]);
  later(999);
  expect(await snapshot.read()).toBe(1);
  later(1);
  expect(await snapshot.read()).toBe(2);
});

test('is read again after a change, even while an older reading is on its way', async () => {
  const { snapshot } = counted();
  const older = snapshot.read();
  snapshot.forget();
  expect(await snapshot.read()).toBe(2);
  expect(await older).toBe(1);
  expect(await snapshot.read()).toBe(2);
});

test('what is read soon after a change is kept for a second, since it goes on having effects', async () => {
  const { snapshot, later } = counted([], 30_000);
  await snapshot.read();
  later(20_000);
  snapshot.forget();
  expect(await snapshot.read()).toBe(2);
  later(999);
  expect(await snapshot.read()).toBe(2);
  later(1);
  expect(await snapshot.read()).toBe(3);
  later(4000);
  expect(await snapshot.read()).toBe(4);
  later(29_999);
  expect(await snapshot.read()).toBe(4);
  later(1);
  expect(await snapshot.read()).toBe(5);
});

test('a reading that failed is not kept', async () => {
  const { snapshot } = counted([1]);
  await expect(snapshot.read()).rejects.toThrow('read 1 failed');
  expect(await snapshot.read()).toBe(2);
});
