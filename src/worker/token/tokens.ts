import type { Clock, Random } from '../../shared/clock.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Logger } from '../../shared/logger.ts';
import { TIMINGS } from '../../shared/timings.ts';
import { NO_SPAN, type Span, type Tracing } from '../../shared/tracing/span.ts';
import type { TokenSource } from './token-source.ts';
import type { SharedToken, TokenStore } from './token-store.ts';

/** The token to send with, or why there is none now. */
export type TokenResult =
  | { readonly kind: 'token'; readonly token: string; readonly generation: string }
  /**
   * Try again later; nothing is wrong with the message. `soon`: another worker is just renewing
   * it, or died doing so, which its lock outlives by 5 s at most.
   */
  | { readonly kind: 'unavailable'; readonly detail: string; readonly soon: boolean }
  /** A person must act before this account gets a token. */
  | { readonly kind: 'refused'; readonly errcode: number; readonly errmsg: string };

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

export type RenewalCause = 'missing' | 'ahead' | 'expired' | 'rejected' | 'probe';

export interface TokensDeps {
  readonly store: TokenStore;
  readonly source: TokenSource;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly tracing: Tracing;
  readonly appId: string;
  /** Names this process in the renewal lock. */
  readonly owner: string;
  readonly onRefresh: (cause: RenewalCause) => void;
  /** WeChat refuses a token before its time. Called once for each, in one of all processes. */
  readonly onConflict: () => void;
}

/** WeChat hands out the next token in the last five minutes only (WeChat facts §1.1). */
const RENEW_AHEAD_MS = 290_000;
/** Of a short-lived token, the last fifth. */
const RENEW_AHEAD_SHARE = 0.2;
/** Renewal ahead of expiry is asked for at most this often. */
const AHEAD_PAUSE_MS = 5000;

/** Within a minute. */
const REFUSALS_OF_A_CONFLICT = 3;
/** So long a refused token that WeChat hands out again is given to work (WeChat facts §1.4). */
const SECOND_LOOK_MS = 2000;

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

  let conflicted = '';
  /** What several refusals, and several processes, say of one token is one conflict. */
  async function sayConflict(token: SharedToken): Promise<void> {
    if (token.generation === conflicted || token.expiresAt <= clock.now()) return;
    conflicted = token.generation;
    // Rather twice than never: a Redis that is full takes no mark.
    if (await store.firstConflict(token.generation).catch(() => true)) deps.onConflict();
  }

  /** Callers with the same bad generation share one renewal. */
  function renewOnce(
    badGeneration: string,
    cause: RenewalCause,
    parent: Span,
  ): Promise<TokenResult> {
    const running = renewals.get(badGeneration);
    if (running) return running;
    const span = beginRenewal(deps, parent, cause);
    const started = renew({ ...deps, source, span, sayConflict }, badGeneration, cause)
      .then((renewed) => {
        if ('generation' in renewed) cached = renewed;
        return 'generation' in renewed ? asResult(renewed) : renewed;
      })
      .catch((error: unknown) => unavailable(messageOf(error)))
      .then((result) => endRenewal(span, result))
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

/** Nobody waits for a renewal ahead of time or for a probe: those are traces of their own. */
function beginRenewal({ tracing, appId }: TokensDeps, parent: Span, cause: RenewalCause): Span {
  const attributes = { 'courier.account': appId, 'courier.cause': cause };
  return parent === NO_SPAN
    ? tracing.begin('renew token', 'internal', undefined, attributes)
    : parent.child('renew token', 'internal', attributes);
}

function endRenewal(span: Span, result: TokenResult): TokenResult {
  if (result.kind === 'token') span.set({ 'courier.token_generation': result.generation });
  else span.fail(result.kind);
  span.end();
  return result;
}

/** One renewal, with its place in a trace. */
type RenewDeps = TokensDeps & {
  readonly span: Span;
  /** WeChat refuses this token. */
  readonly sayConflict: (token: SharedToken) => Promise<void>;
};

type Renewed = SharedToken | Exclude<TokenResult, { kind: 'token' }>;

/** Claims, fetches and publishes; or waits for whoever is doing so. */
async function renew(
  deps: RenewDeps,
  badGeneration: string,
  cause: RenewalCause,
): Promise<Renewed> {
  const { store, clock, random, owner } = deps;
  const giveUpAt = clock.monotonic() + TIMINGS.tokenRenewalMs + 2000;
  const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  for (;;) {
    const claim = await store.claim(badGeneration, owner);
    switch (claim.kind) {
      case 'claimed':
        return await fetchAndPublish(deps, badGeneration, cause);
      case 'fresh': {
        const { current } = await store.read();
        return current ?? unavailable('the stored token cannot be opened');
      }
      case 'wait':
        if (clock.monotonic() > giveUpAt) {
          return soonAvailable('another worker is still renewing the token');
        }
        await wait(Math.min(claim.ms, 40 + random() * 40));
        break;
      case 'resting':
        // Everybody behind this renewal would be too late.
        if (claim.ms > TIMINGS.tokenRenewalMs || clock.monotonic() + claim.ms > giveUpAt) {
          return unavailable('the token endpoint gave none, and is not asked again yet');
        }
        await wait(claim.ms + random() * 40);
    }
  }
}

async function fetchAndPublish(
  deps: RenewDeps,
  badGeneration: string,
  cause: RenewalCause,
): Promise<Renewed> {
  const { store, source, owner, logger, clock, span } = deps;
  const doubted = cause === 'rejected' ? await store.doubtedFor(badGeneration) : null;
  if (doubted !== null && doubted < SECOND_LOOK_MS) return await once(deps);
  const bad = (await store.read()).current;
  let answer = await source.fetch({ force: false, span });
  deps.onRefresh(cause);
  // WeChat hands back the very token it refused: only a forced refresh gives another.
  if (cause === 'rejected' && answer.kind === 'token' && answer.fetched.token === bad?.token) {
    if (doubted === null) {
      await store.doubt(badGeneration);
      return await once(deps);
    }
    if (!source.canForce || !(await store.bookForcedRefresh(clock.now()))) {
      await store.backOff(5000);
      await deps.sayConflict(bad);
      logger.error(
        { code: 'token-conflict', generation: badGeneration },
        'WeChat refuses the token and hands it out again. Something else replaces the tokens of ' +
          'this account: find it, or give it another token source.',
      );
      return unavailable('WeChat hands out the token it refuses');
    }
    logger.warn({ generation: badGeneration }, 'forcing a new token');
    answer = await source.fetch({ force: true, span });
    await store.confirmForcedRefresh();
    deps.onRefresh(cause);
  }
  if (answer.kind !== 'token') {
    await store.backOff(answer.kind === 'refused' ? 1000 : answer.retryInMs);
    return answer.kind === 'refused' ? answer : unavailable(answer.detail);
  }
  if (cause === 'rejected') {
    if (bad) await deps.sayConflict(bad);
    await watchForConflict(deps);
  }
  const published = await store.publish(answer.fetched, badGeneration, owner);
  if (published) logger.info({ cause, generation: published.generation }, 'token renewed');
  const stored = published ?? (await store.read()).current;
  return stored ?? unavailable('the stored token cannot be opened');
}

/** One token that is replaced is an accident; one after the other, somebody replaces them. */
async function watchForConflict({ store, logger }: TokensDeps): Promise<void> {
  if ((await store.countRefusal()) !== REFUSALS_OF_A_CONFLICT) return;
  logger.error(
    { code: 'token-conflict' },
    `WeChat refused ${REFUSALS_OF_A_CONFLICT} fresh tokens within a minute. Something else ` +
      'replaces the tokens of this account: find it, or give it another token source.',
  );
}

/** WeChat's servers may just not have heard of their own token yet: it is sent with once more. */
async function once({ store }: TokensDeps): Promise<Renewed> {
  await store.backOff(500);
  return unavailable('WeChat refuses the token that it hands out; trying it once more');
}

function unavailable(detail: string) {
  return { kind: 'unavailable', detail, soon: false } as const;
}

function soonAvailable(detail: string) {
  return { kind: 'unavailable', detail, soon: true } as const;
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
