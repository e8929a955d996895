import { expect, test } from 'vitest';
import { shownRate } from '../../src/cli/standing.ts';
import type { LaneOverview } from '../../src/shared/lane-overview.ts';

const LANE: LaneOverview = {
  kind: 'template',
  waiting: 0,
  prioritized: 0,
  delayed: 0,
  active: 0,
  parked: 0,
  completed: 0,
  paused: false,
};

test.each([
  [{}, ''],
  [{ perSecond: 30, filePerSecond: 30 }, '30/s'],
  [{ perSecond: 50, filePerSecond: 30, setPerSecond: 50 }, '50/s set by hand'],
  [{ perSecond: 30, filePerSecond: 30, setPerSecond: 50 }, '30/s → 50/s set by hand'],
  [{ setPerSecond: 50 }, '→ 50/s set by hand'],
])('the rate of %o is shown as "%s"', (rates, text) => {
  expect(shownRate({ ...LANE, ...rates })).toBe(text);
});
