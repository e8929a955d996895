import type { Accounts } from './account.ts';
import type { FamilyName } from './token.ts';

/** Another system that keeps refreshing an account's token, killing the one in use. */
export class Adversaries {
  readonly #accounts: Accounts;
  readonly #timers = new Map<string, NodeJS.Timeout>();

  constructor(accounts: Accounts) {
    this.#accounts = accounts;
  }

  /** Replaces a running one of the same account and family. */
  start(appId: string, family: FamilyName, everyMs: number, keepOverlap: boolean): void {
    this.stop(appId, family);
    const timer = setInterval(() => {
      this.#accounts.get(appId)?.tokens.replace(family, keepOverlap);
    }, everyMs);
    this.#timers.set(`${appId} ${family}`, timer.unref());
  }

  stop(appId: string, family: FamilyName): void {
    clearInterval(this.#timers.get(`${appId} ${family}`));
    this.#timers.delete(`${appId} ${family}`);
  }

  stopAll(): void {
    for (const timer of this.#timers.values()) clearInterval(timer);
    this.#timers.clear();
  }
}
