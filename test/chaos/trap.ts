/** Waits for one thing that matches, and springs once. */
export interface Trap<Thing> {
  /** Resolves to true once it has sprung, to false if nothing matched for a while. */
  set(matches: (thing: Thing) => boolean): Promise<boolean>;
  /** Whether this thing springs it. */
  meets(thing: Thing): boolean;
}

const PATIENCE_MS = 10_000;

/** A trap that is set again while it waits forgets what it waited for. */
export function openTrap<Thing>(): Trap<Thing> {
  let armed: { matches: (thing: Thing) => boolean; end: (sprung: boolean) => void } | undefined;
  return {
    set(matches) {
      armed?.end(false);
      return new Promise((resolve) => {
        const timer = setTimeout(() => end(false), PATIENCE_MS);
        function end(sprung: boolean): void {
          clearTimeout(timer);
          armed = undefined;
          resolve(sprung);
        }
        armed = { matches, end };
      });
    },
    meets(thing) {
      if (!armed?.matches(thing)) return false;
      armed.end(true);
      return true;
    },
  };
}
