import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { durationOf, type PlanOptions, planRun, PROFILES } from '../chaos/plan.ts';

const options = fc.record<PlanOptions>({
  seed: fc.integer({ min: 0, max: 2 ** 31 }),
  seconds: fc.integer({ min: 1, max: 120 }),
  workers: fc.integer({ min: 1, max: 8 }),
  profile: fc.constantFrom(...PROFILES),
});
const FULL: PlanOptions = { seed: 7, seconds: 400, workers: 3, profile: 'all' };

function plan(change: Partial<PlanOptions> = {}) {
  return planRun({ ...FULL, ...change });
}

test('the same seed gives the same run, in order, within its time and its workers', () => {
  fc.assert(
    fc.property(options, (chosen) => {
      const actions = planRun(chosen);
      expect(planRun(chosen)).toEqual(actions);
      expect(actions.map(({ number }) => number)).toEqual(actions.map((_, index) => index));
      let before = 0;
      for (const { offsetMs, action } of actions) {
        expect(offsetMs).toBeGreaterThanOrEqual(before);
        expect(offsetMs).toBeLessThan(chosen.seconds * 1000);
        expect('worker' in action ? action.worker : 0).toBeLessThan(chosen.workers);
        before = offsetMs;
      }
    }),
    { numRuns: 50 },
  );
});

test('another seed gives another run', () => {
  expect(plan({ seed: 8 })).not.toEqual(plan());
});

describe('a long run', () => {
  const kinds = plan().map(({ action }) => action.kind);

  test('has everything in it', () => {
    const all =
      'kill freeze terminate reload skewed-clock cut black-hole delay drop-reply fin ' +
      'redis-kill redis-freeze redis-pause redis-readonly redis-full redis-forget-scripts ' +
      'redis-drop-clients wechat-hang wechat-502 wechat-token';
    expect(new Set(kinds)).toEqual(new Set(all.split(' ')));
  });

  test.each(['all', 'workers'] as const)('of profile %s kills and stops 200 times', (profile) => {
    const hurt = plan({ profile }).filter(({ action }) =>
      ['kill', 'freeze', 'terminate', 'reload'].includes(action.kind),
    );
    expect(hurt.length).toBeGreaterThanOrEqual(200);
  });

  test('freezes one worker at a time, and does one thing to Redis at a time', () => {
    for (const only of [/^freeze$/, /^redis-/]) {
      let busyUntil = 0;
      for (const { offsetMs, action } of plan()) {
        if (!only.test(action.kind)) continue;
        expect(offsetMs).toBeGreaterThanOrEqual(busyUntil);
        busyUntil = offsetMs + durationOf(action);
      }
    }
  });
});

test('the profile of workers leaves everything else alone', () => {
  const kinds = new Set(plan({ profile: 'workers' }).map(({ action }) => action.kind));
  expect([...kinds].filter((kind) => /redis|wechat|cut|hole|delay|drop|fin/.test(kind))).toEqual(
    [],
  );
});
