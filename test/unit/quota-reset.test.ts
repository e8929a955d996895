import fc from 'fast-check';
import { expect, test } from 'vitest';
import { untilQuotaReset } from '../../src/worker/decide/quota-reset.ts';

const DAY = 86_400_000;
const at = (iso: string, random = 0): number => untilQuotaReset(Date.parse(iso), () => random);

test.each([
  ['at noon in Shanghai, the coming night', '2026-07-01T12:00:00+08:00', 12 * 60 + 5],
  ['a second before midnight, five minutes and a second', '2026-07-01T23:59:59+08:00', 5 + 1 / 60],
  ['at midnight, five minutes', '2026-07-02T00:00:00+08:00', 5],
  ['at four past, one minute: the reset may just be late', '2026-07-02T00:04:00+08:00', 1],
  ['at six past, ten minutes: it is late, not a day away', '2026-07-02T00:06:00+08:00', 10],
  ['at half past one, the next night', '2026-07-02T01:30:00+08:00', 22 * 60 + 35],
  ['where it is still yesterday, Shanghai counts', '2026-07-01T18:00:00Z', 22 * 60 + 5],
  ['when London changes its clocks, nothing changes', '2026-10-25T02:30:00+01:00', 14 * 60 + 35],
])('%s', (_when, iso, minutes) => {
  expect(at(iso)).toBe(Math.round(minutes * 60_000));
});

const moment = fc.integer({ min: 1_700_000_000_000, max: 2_000_000_000_000 });
const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const minuteOfDay = (time: number): number => ((time + 8 * 3_600_000) % DAY) / 60_000;
const isSoonAfterMidnight = (now: number): boolean =>
  minuteOfDay(now) >= 5 && minuteOfDay(now) < 90;

test('the wait ends between 00:05 and 00:06 in Shanghai, within a day', () => {
  fc.assert(
    fc.property(moment, chance, (now, random) => {
      fc.pre(!isSoonAfterMidnight(now));
      const wait = untilQuotaReset(now, () => random);
      expect(wait).toBeGreaterThan(0);
      expect(wait).toBeLessThanOrEqual(DAY + 60_000);
      expect(minuteOfDay(now + wait)).toBeGreaterThanOrEqual(5);
      expect(minuteOfDay(now + wait)).toBeLessThanOrEqual(6);
    }),
  );
});

test('soon after midnight it is ten minutes: the reset may just be late', () => {
  fc.assert(
    fc.property(fc.integer({ min: 5, max: 89 }), chance, (minute, random) => {
      const now = Date.parse('2026-07-02T00:00:00+08:00') + minute * 60_000;
      const wait = untilQuotaReset(now, () => random);
      expect(wait).toBeGreaterThanOrEqual(10 * 60_000);
      expect(wait).toBeLessThanOrEqual(11 * 60_000);
    }),
  );
});
