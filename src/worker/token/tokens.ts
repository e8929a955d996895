import { messageOf } from '../../shared/errors.ts';
import { TIMINGS } from '../../shared/timings.ts';
import { NO_SPAN, type Span } from '../../shared/tracing/span.ts';
import { type ConflictDeps, createConflict } from './conflict.ts';
import {
  type NoToken,
  type RenewalCause,
  type RenewalDeps,
  renewToken,
  soonAvailable,
  unavailable,
} from './renewal.ts';
import type { TokenSource } from './token-source.ts';
import type { SharedToken } from './token-store.ts';

/** The token to send with, or why there is none now. */
export type TokenResult =
  | { readonly kind: 'token'; readonly token: string; readonly generation: string }
  | NoToken;

/** One account's shared token, as one process sees it. */
export interface Tokens {
  /**
   * The current token. `sharedGeneration` is what the ledger said a moment ago: as long as it
   * is the one in memory, no read is needed. Like `renew`, answers within 3 s and never rejects.
   */
  current(sharedGeneration: string, span?: Span): TokenResult | Promise<TokenResult>;
  /**
   * WeChat refused the token of this generation. One worker of all renews it, everybody else
   * waits for the result; a failure with an older generation renews nothing.
   *
   * @param span of whoever needs it; a renewal that several wait for is below the first of them
   */
  renew(badGeneration: string, cause: RenewalCause, span?: Span): Promise<TokenResult>;
  /** When the token in memory was fetched, for the metrics; null before the first. */
  fetchedAt(): number | null;
}

export type TokensDeps = Omit<RenewalDeps, 'conflict'> & Pick<ConflictDeps, 'onConflict'>;

/** WeChat hands out the next token in the last five minutes only (WeChat facts §1.1). */
const RENEW_AHEAD_MS = 290_000;
/** Of a short-lived token, the last fifth. */
const RENEW_AHEAD_SHARE = 0.2;
/** Renewal ahead of expiry is asked for at most this often. */
const AHEAD_PAUSE_MS = 5000;

export function createTokens(deps: TokensDeps): Tokens {
  const { store, clock } = deps;
  let cached: SharedToken | null = null;
  let fetches = 0;
  /** As it is, counted: who asks itself does not wait for another. */
  const source: TokenSource = {
    canForce: deps.source.canForce,
    async fetch(options) {
      fetches += 1;
      return await deps.source.fetch(options).finally(() => (fetches -= 1));
    },
  };
  let aheadAgainAt = 0;
  const renewals = new Map<string, Promise<TokenResult>>();
  const conflict = createConflict(deps);

  /** Callers with the same bad generation share one renewal. */
  function renewOnce(
    badGeneration: string,
    cause: RenewalCause,
    parent: Span,
  ): Promise<TokenResult> {
    const running = renewals.get(badGeneration);
    if (running) return running;
    const started = renewToken({ ...deps, source, conflict }, badGeneration, cause, parent)
      .then((renewed) => {
        if ('kind' in renewed) return renewed;
        cached = renewed;
        return asResult(renewed);
      })
      .finally(() => renewals.delete(badGeneration));
    renewals.set(badGeneration, started);
    return started;
  }

  function renewAhead(token: SharedToken): void {
    const life = token.expiresAt - token.fetchedAt;
    const ahead = Math.min(RENEW_AHEAD_MS, life * RENEW_AHEAD_SHARE);
    if (token.expiresAt - clock.now() > ahead || clock.monotonic() < aheadAgainAt) return;
    aheadAgainAt = clock.monotonic() + AHEAD_PAUSE_MS;
    void renewOnce(token.generation, 'ahead', NO_SPAN);
  }

  function unexpired(token: SharedToken): TokenResult | null {
    if (token.expiresAt <= clock.now()) return null;
    renewAhead(token);
    return asResult(token);
  }

  /** The token in memory, if it is the shared one: what nearly every send gets. */
  function inMemory(sharedGeneration: string): TokenResult | null {
    return cached?.generation === sharedGeneration ? unexpired(cached) : null;
  }

  async function current(sharedGeneration: string, span: Span): Promise<TokenResult> {
    if (cached?.generation !== sharedGeneration) {
      const stored = await store.read();
      if (!stored.current) return await renewOnce(stored.generation, 'missing', span);
      cached = stored.current;
    }
    return unexpired(cached) ?? (await renewOnce(cached.generation, 'expired', span));
  }

  const tooLate = () =>
    fetches > 0 ? unavailable('no token in time') : soonAvailable('no token in time');

  return {
    // A timer and a race for each message would cost more than all the rest of this.
    current: (sharedGeneration, span = NO_SPAN) =>
      inMemory(sharedGeneration) ?? inTime(current(sharedGeneration, span), tooLate),
    renew: (badGeneration, cause, span = NO_SPAN) =>
      inTime(renewOnce(badGeneration, cause, span), tooLate),
    fetchedAt: () => cached?.fetchedAt ?? null,
  };
}

function asResult({ token, generation }: SharedToken): TokenResult {
  return { kind: 'token', token, generation };
}

/**
 * A send waits this long for a token, then goes back to its lane without an attempt. Never
 * rejects: the message holds a lease, and trouble with Redis is not the message's fault.
 */
async function inTime(
  result: Promise<TokenResult>,
  tooLate: () => TokenResult,
): Promise<TokenResult> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<TokenResult>((resolve) => {
    timer = setTimeout(() => resolve(tooLate()), TIMINGS.tokenRenewalMs);
  });
  try {
    return await Promise.race([result, deadline]);
  } catch (error) {
    return unavailable(messageOf(error));
  } finally {
    clearTimeout(timer);
  }
}
