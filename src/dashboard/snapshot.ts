/** What was read last, for as long as it is fresh. Whoever asks while it is read waits for that. */
export interface Snapshot<Value> {
  /** @throws whatever reading throws; nothing is kept of that */
  read(): Promise<Value>;
  /** The next to ask reads anew. */
  forget(): void;
}

export function createSnapshot<Value>(
  freshMs: number,
  monotonic: () => number,
  readNow: () => Promise<Value>,
): Snapshot<Value> {
  let last: { readonly at: number; readonly value: Promise<Value> } | undefined;
  return {
    read() {
      if (last && monotonic() - last.at < freshMs) return last.value;
      const made = { at: monotonic(), value: readNow() };
      last = made;
      made.value.catch(() => {
        if (last === made) last = undefined;
      });
      return made.value;
    },
    forget() {
      last = undefined;
    },
  };
}
