import { expect, test } from 'vitest';
import { checkLanes } from '../../src/cli/doctor/account-checks.ts';
import type { StandingLane } from '../../src/cli/standing.ts';
import type { LaneStanding } from '../../src/shared/lane-standing.ts';

const NOW = Date.UTC(2026, 10, 28, 12);

function laneOf(standing: LaneStanding): StandingLane {
  const counts = { waiting: 3, prioritized: 0, delayed: 0, active: 0, parked: 0, completed: 0 };
  return { kind: 'custom', ...counts, paused: standing.kind === 'paused', workers: 1, standing };
}

test.each<[LaneStanding, boolean, RegExp, RegExp]>([
  [{ kind: 'running' }, true, /3 waiting/, /^$/],
  [{ kind: 'stuck', since: NOW }, false, /sends nothing: due since/, /restart them/],
  [{ kind: 'no-worker' }, false, /no worker/, /courier start worker/],
  [{ kind: 'half-paused' }, false, /not paused, though/, /courier pause/],
  [{ kind: 'paused' }, false, /paused/, /courier resume wx1/],
  [{ kind: 'asleep', sleep: { cause: 'quota', until: NOW } }, true, /asleep/, /^$/],
])(
  'doctor says of a lane that is %j whether it is well, and what to do',
  (standing, ok, detail, remedy) => {
    const [check] = checkLanes({ appId: 'wx1', lanes: [laneOf(standing)] });
    expect(check?.ok).toBe(ok);
    expect(check?.detail).toMatch(detail);
    expect(check?.remedy ?? '').toMatch(remedy);
  },
);
