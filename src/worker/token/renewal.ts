import type { Clock, Random } from '../../shared/clock.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Logger } from '../../shared/logger.ts';
import { TIMINGS } from '../../shared/timings.ts';
import { NO_SPAN, type Span, type Tracing } from '../../shared/tracing/span.ts';
import type { Conflict } from './conflict.ts';
import type { TokenSource } from './token-source.ts';
import type { SharedToken, TokenStore } from './token-store.ts';

/** Why there is no token to send with now. */
export type NoToken =
  /**
   * Try again later; nothing is wrong with the message. `soon`: another worker is just renewing
   * it, or died doing so, which its lock outlives by 5 s at most.
   */
  | { readonly kind: 'unavailable'; readonly detail: string; readonly soon: boolean }
  /** A person must act before this account gets a token. */
  | { readonly kind: 'refused'; readonly errcode: number; readonly errmsg: string };

export type RenewalCause = 'missing' | 'ahead' | 'expired' | 'rejected' | 'probe';

export interface RenewalDeps {
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
  readonly conflict: Conflict;
}

type Renewed = SharedToken | NoToken;

/** So long a refused token that WeChat hands out again is given to work (WeChat facts §1.4). */
const SECOND_LOOK_MS = 2000;

/**
 * Has one worker of all put another token in the place of the one of this generation. Never rejects.
 *
 * @param parent the span of whoever needs it
 */
export async function renewToken(
  deps: RenewalDeps,
  badGeneration: string,
  cause: RenewalCause,
  parent: Span,
): Promise<Renewed> {
  const span = beginRenewal(deps, parent, cause);
  try {
    const renewed = await renew({ ...deps, span }, badGeneration, cause);
    if ('kind' in renewed) span.fail(renewed.kind);
    else span.set({ 'courier.token_generation': renewed.generation });
    return renewed;
  } catch (error) {
    span.fail('unavailable');
    return unavailable(messageOf(error));
  } finally {
    span.end();
  }
}

/** Nobody waits for a renewal ahead of time or for a probe: those are traces of their own. */
function beginRenewal({ tracing, appId }: RenewalDeps, parent: Span, cause: RenewalCause): Span {
  const attributes = { 'courier.account': appId, 'courier.cause': cause };
  return parent === NO_SPAN
    ? tracing.begin('renew token', 'internal', undefined, attributes)
    : parent.child('renew token', 'internal', attributes);
}

type RenewDeps = RenewalDeps & { readonly span: Span };

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
  const { store, source, owner, logger, clock, span, conflict } = deps;
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
      conflict.refused(bad);
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
    if (bad) conflict.refused(bad);
    conflict.replaced();
  }
  const published = await store.publish(answer.fetched, badGeneration, owner);
  if (published) logger.info({ cause, generation: published.generation }, 'token renewed');
  const stored = published ?? (await store.read()).current;
  return stored ?? unavailable('the stored token cannot be opened');
}

/** WeChat's servers may just not have heard of their own token yet: it is sent with once more. */
async function once({ store }: RenewDeps): Promise<Renewed> {
  await store.backOff(500);
  return unavailable('WeChat refuses the token that it hands out; trying it once more');
}

export function unavailable(detail: string) {
  return { kind: 'unavailable', detail, soon: false } as const;
}

export function soonAvailable(detail: string) {
  return { kind: 'unavailable', detail, soon: true } as const;
}
