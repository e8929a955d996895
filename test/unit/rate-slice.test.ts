import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rateOf, rateSlice } from '../../src/shared/rate-slice.ts';

test.each([
  [200, 10, 50],
  [100, 5, 50],
  [60, 3, 50],
  [20, 1, 50],
  [1, 1, 1000],
  [0.5, 1, 2000],
  [0.001, 1, 1_000_000],
])('%d a second is %d every %d ms', (perSecond, max, durationMs) => {
  expect(rateSlice(perSecond)).toEqual({ max, durationMs });
});

test('the slices never exceed the rate, and reach nine tenths of it', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.01, max: 20_000, noNaN: true }), (perSecond) => {
      const { max, durationMs } = rateSlice(perSecond);
      expect(Number.isSafeInteger(max)).toBe(true);
      expect(Number.isSafeInteger(durationMs)).toBe(true);
      const rate = (max * 1000) / durationMs;
      expect(rate).toBeLessThanOrEqual(perSecond * (1 + 1e-9));
      expect(rate).toBeGreaterThanOrEqual(perSecond * 0.9);
    }),
  );
});

test('any sliding second holds at most 1.1 times the rate, or one send more', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.5, max: 20_000, noNaN: true }), (perSecond) => {
      const { max, durationMs } = rateSlice(perSecond);
      const windows = Math.floor(1000 / durationMs) + 1;
      expect(max * windows).toBeLessThanOrEqual(Math.max(perSecond * 1.1, perSecond + 1));
    }),
  );
});

test('every whole rate is read back from its slice as what was asked for', () => {
  const rates = Array.from({ length: 1000 }, (_, index) => index + 1);
  expect(rates.map((rate) => rateOf(rateSlice(rate), [rate]))).toEqual(rates);
});

test('until the rate of an operator holds, the slice is that of the file', () => {
  expect(rateOf(rateSlice(30), [50, 30])).toBe(30);
  expect(rateOf(rateSlice(50), [50, 30])).toBe(50);
});

test.each([
  ['what another rate was cut into', rateSlice(30), [50, 100], 29.4],
  ['what nobody asked for', rateSlice(30), [undefined, undefined], 29.4],
])('a slice that is %s says what it lets through', (_, slice, wanted, rate) => {
  expect(rateOf(slice, wanted)).toBe(rate);
});
