import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TIMINGS } from '../../src/shared/timings.ts';
import {
  delayAfter,
  delayWhileUnreachable,
  RECIPIENT_LADDER_MS,
  RETRY_LADDER_MS,
} from '../../src/worker/decide/retry-delay.ts';

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('the ladder of templates ends within the guard, which ends within WeChat’s memory', () => {
  const sum = RETRY_LADDER_MS.reduce((total, delay) => total + delay, 0);
  expect(sum).toBeLessThanOrEqual(TIMINGS.templateRetryGuardMs);
  expect(TIMINGS.templateRetryGuardMs + TIMINGS.leaseMs).toBeLessThan(TIMINGS.wechatDedupeMs);
});

test('a wait is between three quarters of its step and the whole step', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(RETRY_LADDER_MS, RECIPIENT_LADDER_MS),
      fc.nat(8),
      random,
      (ladder, attempt, value) => {
        const step = ladder[attempt - 1];
        const delay = delayAfter(attempt, ladder, () => value);
        expect(delay === null).toBe(step === undefined);
        expect(delay ?? 0).toBeGreaterThanOrEqual(Math.floor((step ?? 0) * 0.75));
        expect(delay ?? 0).toBeLessThanOrEqual(step ?? 0);
      },
    ),
  );
});

test('out of reach the wait grows to a minute and stays there for ever', () => {
  fc.assert(
    fc.property(fc.integer({ min: -1, max: 100_000 }), random, (tries, value) => {
      const delay = delayWhileUnreachable(tries, () => value);
      expect(delay).toBeLessThanOrEqual(60_000);
      expect(delay).toBeGreaterThanOrEqual(tries >= 4 ? 45_000 : 750);
    }),
  );
});

test('messages that failed together do not come back together', () => {
  const randoms = Array.from({ length: 50 }, (_, index) => index / 50);
  const delays = new Set(randoms.map((value) => delayAfter(3, RETRY_LADDER_MS, () => value)));
  expect(delays.size).toBe(50);
});
