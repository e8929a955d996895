/** What was read last, for as long as it is fresh. Whoever asks while it is read waits for that. */
export interface Snapshot<Value> {
  /** @throws whatever reading throws; nothing is kept of that */
  read(): Promise<Value>;
  /** Something was changed: the next to ask reads anew, and what is read soon is kept briefly. */
  forget(): void;
}

/** What was asked for goes on for a while: messages that were put back are sent. */
const SETTLING_MS = 5000;
const BRIEF_MS = 1000;

export function createSnapshot<Value>(
  freshMs: number,
  monotonic: () => number,
  readNow: () => Promise<Value>,
): Snapshot<Value> {
  let last:
    | { readonly at: number; readonly keepMs: number; readonly value: Promise<Value> }
    | undefined;
  let changedAt = Number.NEGATIVE_INFINITY;
  return {
    read() {
      const now = monotonic();
      if (last && now - last.at < last.keepMs) return last.value;
      const keepMs = now - changedAt < SETTLING_MS ? Math.min(BRIEF_MS, freshMs) : freshMs;
      const made = { at: now, keepMs, value: readNow() };
      last = made;
      made.value.catch(() => {
        if (last === made) last = undefined;
      });
      return made.value;
    },
    forget() {
      changedAt = monotonic();
      last = undefined;
    },
  };
}
