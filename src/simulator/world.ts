import { Accounts } from './account.ts';
import { createClock, type SimulatorClock } from './clock.ts';
import { Counters } from './counters.ts';
import { Faults } from './fault.ts';
import { Msgids } from './msgid.ts';
import { seededRandom, type Random } from './random.ts';
import { AcceptRecord } from './record.ts';
import { Rids } from './rid.ts';
import type { Settings } from './settings.ts';

/** Everything one simulator knows. There is no other state. */
export interface World {
  readonly clock: SimulatorClock;
  readonly random: Random;
  readonly settings: Settings;
  readonly accounts: Accounts;
  readonly record: AcceptRecord;
  readonly counters: Counters;
  readonly faults: Faults;
  readonly rids: Rids;
  readonly msgids: Msgids;
}

export interface WorldDeps {
  /** Wall clock, epoch milliseconds. */
  readonly now: () => number;
  /** Monotonic milliseconds, for rates. */
  readonly monotonic: () => number;
  /** Makes latencies, probabilities and text variants repeatable. */
  readonly seed: number;
}

export function createWorld(settings: Settings, deps: WorldDeps): World {
  const clock = createClock(deps.now);
  const random = seededRandom(deps.seed);
  return {
    clock,
    random,
    settings,
    accounts: new Accounts({ clock, random, settings }),
    record: new AcceptRecord({ clock }),
    counters: new Counters({ monotonic: deps.monotonic }),
    // Of its own, so that faults of a seed do not move when latencies draw numbers too.
    faults: new Faults({ random: seededRandom(deps.seed + 1), clock }),
    rids: new Rids({ clock, random }),
    msgids: new Msgids({ clock, random }),
  };
}
