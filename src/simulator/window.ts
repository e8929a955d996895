import type { SimulatorClock } from './clock.ts';
import type { Settings } from './settings.ts';

/** What opens a customer-service window. A menu entry in a message counts as a click. */
export const TRIGGERS = ['message', 'click', 'follow', 'scan', 'payment'] as const;
export type Trigger = (typeof TRIGGERS)[number];

const HOURS_48 = 48 * 3_600_000;
const MINUTE = 60_000;

/**
 * How many messages in how long, since 12 June 2023 (WeChat's service-account page "Customer
 * service messages"; payment is missing on the subscription-account page).
 */
export const GRANTS: Readonly<Record<Trigger, { count: number; lifeMs: number }>> = {
  message: { count: 5, lifeMs: HOURS_48 },
  click: { count: 3, lifeMs: MINUTE },
  follow: { count: 3, lifeMs: MINUTE },
  scan: { count: 3, lifeMs: MINUTE },
  payment: { count: Infinity, lifeMs: HOURS_48 },
};

interface Grant {
  remaining: number;
  expiresAt: number;
}

/** What one recipient's window looks like now, as the control API shows it. */
export interface WindowView {
  readonly open: boolean;
  readonly remaining: number | 'unlimited';
  readonly expiresAt: number | null;
}

/**
 * The window of one recipient. How overlapping grants combine is undocumented: `max` keeps one
 * grant with the larger count and the later end, `buckets` keeps them apart and spends from
 * the one that ends first.
 */
export class ReplyWindow {
  readonly #clock: SimulatorClock;
  readonly #settings: Settings;
  #grants: Grant[] = [];

  constructor(deps: { clock: SimulatorClock; settings: Settings }) {
    this.#clock = deps.clock;
    this.#settings = deps.settings;
  }

  /** @param agoMs how long ago it happened, to place a recipient somewhere in its window */
  open(trigger: Trigger, agoMs = 0): void {
    const { count, lifeMs } = GRANTS[trigger];
    this.#add({ remaining: count, expiresAt: this.#clock.now() - agoMs + lifeMs });
  }

  openForever(): void {
    this.#add({ remaining: Infinity, expiresAt: Infinity });
  }

  close(): void {
    this.#grants = [];
  }

  /** Uses one message up; the errcode when there is none. */
  spend(): 0 | 45015 | 45047 {
    const open = this.#live();
    if (open.length === 0) return 45015;
    const grant = open.find((each) => each.remaining > 0);
    if (grant === undefined) return 45047;
    grant.remaining -= 1;
    return 0;
  }

  view(): WindowView {
    const open = this.#live();
    const remaining = open.reduce((sum, grant) => sum + grant.remaining, 0);
    const end = Math.max(0, ...open.map((grant) => grant.expiresAt));
    return {
      open: open.length > 0,
      remaining: Number.isFinite(remaining) ? remaining : 'unlimited',
      expiresAt: open.length > 0 && Number.isFinite(end) ? end : null,
    };
  }

  #add(grant: Grant): void {
    const open = this.#live();
    this.#grants = this.#settings.windowMode === 'max' ? [merged(open, grant)] : [...open, grant];
    this.#grants.sort((a, b) => a.expiresAt - b.expiresAt);
  }

  #live(): Grant[] {
    const now = this.#clock.now();
    if (this.#grants.some((grant) => grant.expiresAt <= now)) {
      this.#grants = this.#grants.filter((grant) => grant.expiresAt > now);
    }
    return this.#grants;
  }
}

function merged(open: readonly Grant[], grant: Grant): Grant {
  return {
    remaining: Math.max(grant.remaining, ...open.map((each) => each.remaining)),
    expiresAt: Math.max(grant.expiresAt, ...open.map((each) => each.expiresAt)),
  };
}
