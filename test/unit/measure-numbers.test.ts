import { describe, expect, test } from 'vitest';
import { median, most, percentile } from '../measure/percentile.ts';
import { slopeOf } from '../measure/slope.ts';
import { untilBack } from '../measure/throughput.ts';

/** So many moments a second, evenly, over [from, until) milliseconds. */
function evenly(perSecond: number, from: number, until: number): number[] {
  const step = 1000 / perSecond;
  return Array.from(
    { length: Math.round((until - from) / step) },
    (_, index) => from + index * step,
  );
}

describe('percentiles', () => {
  test('are values that occurred', () => {
    const values = Array.from({ length: 200 }, (_, index) => 200 - index);
    expect([median(values), percentile(values, 99), most(values)]).toEqual([100, 198, 200]);
  });

  test('of nothing are no number', () => {
    expect(percentile([], 99)).toBeNaN();
  });
});

describe('a throughput is back', () => {
  test('at the end of the first second that holds four fifths of it', () => {
    const times = [...evenly(100, 0, 1000), ...evenly(100, 3000, 6000)];
    expect(untilBack(times, [1000], 100)).toEqual([2800]);
  });

  test('not by what was taken before', () => {
    const times = [...evenly(1000, 0, 1000), ...evenly(10, 1000, 4000)];
    expect(untilBack(times, [1000], 100)).toEqual([Number.POSITIVE_INFINITY]);
  });
});

describe('a slope', () => {
  test('of a line is that of the line, and certain', () => {
    const { perUnit, uncertainty } = slopeOf([
      [0, 1],
      [1, 3],
      [2, 5],
      [3, 7],
    ]);
    expect(perUnit).toBeCloseTo(2);
    expect(uncertainty).toBeCloseTo(0);
  });

  test('of noise around a level is none that its uncertainty would not cover', () => {
    const noise = [1, -1, -1, 1, 1, -1, -1, 1];
    const { perUnit, uncertainty } = slopeOf(noise.map((value, index) => [index, 50 + value]));
    expect(Math.abs(perUnit)).toBeLessThan(uncertainty);
  });
});
