import { beijingDay } from './clock.ts';
import { TokenFamily, type FamilyName, type Token, type TokenDeps } from './token.ts';

/** What one account's token calls came to; a client is judged by these. */
export interface TokenCounts {
  stableNormal: number;
  stableForced: number;
  /** Forced calls inside the gap or beyond the budget, which refreshed nothing. */
  stableForcedIgnored: number;
  classic: number;
}

/** A token handed out, and what the reply says about its remaining life. */
export interface Issued {
  readonly token: Token;
  readonly expiresIn: number;
}

/**
 * The rules of the two token endpoints for one account (WeChat pages "Get access token" and
 * "Get stable access token"): every classic call makes a new token; the stable endpoint gives
 * the same one until the last five minutes of its life, or until a forced refresh.
 */
export class TokenIssuer {
  readonly stable: TokenFamily;
  readonly classic: TokenFamily;
  readonly counts: TokenCounts = {
    stableNormal: 0,
    stableForced: 0,
    stableForcedIgnored: 0,
    classic: 0,
  };
  readonly #deps: TokenDeps;
  #forced = { at: -Infinity, day: -1, used: 0 };

  constructor(appId: string, deps: TokenDeps) {
    this.#deps = deps;
    this.stable = new TokenFamily('stable', appId, deps);
    this.classic = new TokenFamily('classic', appId, deps);
  }

  family(name: FamilyName): TokenFamily {
    return name === 'stable' ? this.stable : this.classic;
  }

  fetchClassic(): Issued {
    this.counts.classic += 1;
    return this.#issued(this.classic.issue());
  }

  fetchStable(): Issued {
    this.counts.stableNormal += 1;
    return this.#issued(this.#stableToken());
  }

  /** A forced refresh; undefined when the day's budget is spent and that is an error. */
  forceStable(): Issued | undefined {
    const { clock, settings } = this.#deps;
    const now = clock.now();
    const day = beijingDay(now);
    if (this.#forced.day !== day) this.#forced = { ...this.#forced, day, used: 0 };
    const spent = this.#forced.used >= settings.forcedRefreshesPerDay;
    const tooSoon = now - this.#forced.at < settings.forcedRefreshGapSeconds * 1_000;
    if (spent || tooSoon) this.counts.stableForcedIgnored += 1;
    if (spent && !tooSoon && settings.forcedRefreshBeyond === '45009') return undefined;
    if (spent || tooSoon) return this.#issued(this.#stableToken());

    this.#forced = { at: now, day, used: this.#forced.used + 1 };
    this.counts.stableForced += 1;
    // Two forced refreshes in a row kill a leaked token: the second ends the first's overlap.
    this.stable.endOverlaps();
    return this.#issued(this.stable.issue());
  }

  /**
   * Somebody else refreshed this account's token. It costs them no budget here, so that a test
   * can have an adversary as busy as it likes.
   */
  replace(name: FamilyName, keepOverlap: boolean): void {
    const family = this.family(name);
    family.issue();
    if (!keepOverlap) family.endOverlaps();
  }

  /** The current token is refused from now on, and the normal call keeps returning it. */
  refuseCurrent(name: FamilyName): void {
    const token = this.family(name).current;
    if (token !== undefined) token.refused = true;
  }

  clearCounts(): void {
    Object.assign(this.counts, {
      stableNormal: 0,
      stableForced: 0,
      stableForcedIgnored: 0,
      classic: 0,
    });
  }

  #stableToken(): Token {
    const { clock, settings } = this.#deps;
    const token = this.stable.current;
    const needed = settings.tokenRolloverSeconds * 1_000;
    if (token !== undefined && token.expiresAt - clock.now() >= needed) return token;
    return this.stable.issue();
  }

  #issued(token: Token): Issued {
    const remaining = (token.expiresAt - this.#deps.clock.now()) / 1_000;
    return { token, expiresIn: Math.max(0, Math.floor(remaining)) };
  }
}
