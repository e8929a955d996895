/**
 * The simulator's own time. It runs with the real clock and can be moved, so that a token can
 * grow old or a day can end without anybody waiting for it.
 */
export interface SimulatorClock {
  /** Epoch milliseconds as WeChat would see them. */
  now(): number;
  /** Moves time; negative values move it back. */
  advance(ms: number): void;
  /** Jumps to an instant; time goes on running from there. */
  set(epochMs: number): void;
}

export function createClock(real: () => number): SimulatorClock {
  let offset = 0;
  return {
    now: () => real() + offset,
    advance(ms) {
      offset += ms;
    },
    set(epochMs) {
      offset = epochMs - real();
    },
  };
}

const BEIJING_OFFSET_MS = 8 * 3_600_000;

/**
 * The number of the day in Beijing. Daily limits count per such day: WeChat's pages say "that
 * day" and everybody takes it for midnight in Asia/Shanghai (no daylight saving since 1991).
 */
export function beijingDay(epochMs: number): number {
  return Math.floor((epochMs + BEIJING_OFFSET_MS) / 86_400_000);
}

/** `2026-07`, the month in Beijing, for the monthly budgets of the clear-quota calls. */
export function beijingMonth(epochMs: number): string {
  return new Date(epochMs + BEIJING_OFFSET_MS).toISOString().slice(0, 7);
}
