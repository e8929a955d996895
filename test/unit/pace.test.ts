import fc from 'fast-check';
import { expect, test } from 'vitest';
import { paceShare } from '../../src/worker/decide/pace.ts';

test.each([
  [-1, 0.1],
  [0, 0.1],
  [150_000, 0.55],
  [300_000, 1],
  [9e9, 1],
])('%i ms after a spent quota has come back the lane has %d of its rate', (sinceMs, share) => {
  expect(paceShare('quota', sinceMs)).toBeCloseTo(share, 10);
});

test.each(['rate-limit', 'token', 'permission'] as const)(
  'after a sleep for %s it has all',
  (cause) => {
    expect(paceShare(cause, 0)).toBe(1);
  },
);

test('a pace never falls while time goes on, and is never nothing', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('quota', 'outage', 'token'),
      fc.nat(400_000),
      fc.nat(400_000),
      (cause, one, other) => {
        const [early, late] = [Math.min(one, other), Math.max(one, other)];
        expect(paceShare(cause, early)).toBeGreaterThanOrEqual(0.02);
        expect(paceShare(cause, late)).toBeGreaterThanOrEqual(paceShare(cause, early));
      },
    ),
  );
});
