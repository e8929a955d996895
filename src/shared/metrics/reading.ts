/** What gauges show of a store outside this process; null while it cannot be had in time. */
export type Reading<Value> = () => Promise<Value | null>;

export interface ReadingOptions {
  readonly monotonic: () => number;
  /** So long whoever scrapes next gets the same, in ms. Default 2 s. */
  readonly freshMs?: number;
  /** A scrape waits at most so long, in ms. Default 1.5 s. */
  readonly patienceMs?: number;
}

const FRESH_MS = 2000;
const PATIENCE_MS = 1500;

/**
 * One reading for all gauges of a scrape, and for all scrapes that come soon after. There is never more than one under
 * way: a store that does not answer is not asked again and again.
 */
export function createReading<Value>(
  read: () => Promise<Value>,
  { monotonic, freshMs = FRESH_MS, patienceMs = PATIENCE_MS }: ReadingOptions,
): Reading<Value> {
  let last: { readonly at: number; readonly value: Value } | undefined;
  let running: Promise<Value | null> | undefined;

  async function readNow(): Promise<Value | null> {
    try {
      const value = await read();
      last = { at: monotonic(), value };
      return value;
    } catch {
      return null;
    } finally {
      running = undefined;
    }
  }

  return async () => {
    if (last && monotonic() - last.at < freshMs) return last.value;
    running ??= readNow();
    return await inTime(running, patienceMs);
  };
}

async function inTime<Value>(reading: Promise<Value | null>, ms: number): Promise<Value | null> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), ms);
  });
  return await Promise.race([reading, tooLate]).finally(() => clearTimeout(timer));
}
