import { setTimeout as delay } from 'node:timers/promises';
import type { Clock, Random } from '../shared/clock.ts';
import type { LaneJob } from '../shared/lane.ts';
import type { Begun, Ledger, Settled } from '../shared/ledger/ledger.ts';
import { maskOpenid, maskOpenids } from '../shared/openid.ts';
import type { Kind, Outcome } from '../shared/outcome.ts';
import { isRedisTrouble } from '../shared/redis-trouble.ts';
import { TIMINGS } from '../shared/timings.ts';
import type { Span } from '../shared/tracing/span.ts';
import { type Decision, decide } from './decide/decide.ts';
import { classify, type Verdict } from './decide/verdict.ts';
import { insist } from './insist.ts';
import type { Interruption } from './interruption.ts';
import { requestBody } from './send/request-body.ts';
import type { WechatClient } from './send/wechat-client.ts';
import { type Lease, settle, type SettleDeps } from './settle/settle.ts';
import type { TokenResult, Tokens } from './token/tokens.ts';

/** One run of one message. */
export interface Run {
  readonly appId: string;
  readonly kind: Kind;
  readonly messageKey: string;
  /** Epoch ms after which it must not be sent. */
  readonly expiresAt: number | undefined;
  /** Rather two than none, after an ambiguous attempt. */
  readonly resend: boolean;
  /** Checks the message. Only after `begin`: a message that kills its process here is counted. */
  readonly load: () => Load;
  /** Raised when the job's lock is lost: the run must end at once. */
  readonly interruption: Interruption;
  /** This run in the trace of its message. */
  readonly span: Span;
}

/** The message, or what is wrong with a job that no producer of ours wrote. */
export type Load =
  | { readonly ok: true; readonly job: LaneJob }
  | { readonly ok: false; readonly problem: string };

export interface DeliverDeps extends SettleDeps {
  readonly ledger: Ledger;
  readonly tokens: Tokens;
  readonly client: WechatClient;
  readonly clock: Clock;
  readonly random: Random;
  /** A name for one run in leases, never given twice. */
  readonly nextOwner: () => string;
  /** The process is stopping: what has not been posted yet goes back. */
  readonly stopping: () => boolean;
}

type Go = Extract<Begun, { kind: 'go' }>;

/** What a run sent, as far as it got. */
interface Sent {
  /** From just before the last request to its answer; 0 without one. */
  readonly durationMs: number;
  /** Of the token that was sent last; undefined if none was. */
  readonly tokenGeneration: string | undefined;
  /** WeChat refused the one before, in this very run; whether or not there was another. */
  readonly refusedToken?: { readonly errcode: number | undefined; readonly durationMs: number };
}

/** How a run ended, with all that the log, the metrics and BullMQ want to know. */
export type Delivered =
  | Exclude<Begun, { kind: 'go' }>
  | (Sent & {
      readonly kind: 'settled';
      readonly outcome: Outcome;
      readonly verdict: Verdict | null;
      readonly settled: Settled;
      /** Number of this attempt; 0 if the run was none. */
      readonly attempt: number;
      /** Attempts spent of the budget, this one among them. */
      readonly spent: number;
    });

/**
 * Delivers one message: begin → token → send → classify → decide → settle. The ledger says
 * whether this run may send at all; whatever happens after `begin` ends in `settle`.
 */
export async function deliver(deps: DeliverDeps, run: Run): Promise<Delivered> {
  const owner = deps.nextOwner();
  const { begun, begunAt } = await begin(deps, run, owner);
  if (begun.kind !== 'go') return begun;
  const { decision, verdict, sent } = await attempt(deps, run, begun, begunAt);
  const lease: Lease = { messageKey: run.messageKey, owner, fence: begun.fence };
  const settled = await settle(deps, lease, decision, verdict, sent.durationMs);
  return {
    kind: 'settled',
    outcome: decision.outcome,
    verdict,
    settled,
    attempt: verdict && decision.outcome.kind !== 'snooze' ? begun.attempts + 1 : 0,
    spent: begun.spent + (decision.spends ? 1 : 0),
    ...sent,
  };
}

/** A job that is put off goes behind everything that waits, so a short wait is done here. */
const SHORT_WAIT_MS = 500;

/**
 * Trouble of Redis is waited out: nothing was posted yet, and it is not the message's fault. So
 * is a turn that comes soon.
 */
async function begin(
  deps: DeliverDeps,
  run: Run,
  owner: string,
): Promise<{ begun: Begun; begunAt: number }> {
  const { messageKey, kind, resend, expiresAt } = run;
  const request = { messageKey, kind, owner, resend, expiresAt };
  const goesOn = () => !deps.stopping() && !run.interruption.raised;
  for (;;) {
    const begunAt = deps.clock.monotonic();
    const begun = await insist(
      deps.logger,
      { step: 'beginning', messageKey },
      () => deps.ledger.begin(request),
      (error) => isRedisTrouble(error) && goesOn(),
    );
    const isShort = begun.kind === 'busy' && begun.retryInMs <= SHORT_WAIT_MS;
    if (!isShort || !goesOn()) return { begun, begunAt };
    await delay(begun.retryInMs);
  }
}

interface Tried {
  readonly decision: Decision;
  readonly verdict: Verdict | null;
  readonly sent: Sent;
}

const NOTHING: Sent = { durationMs: 0, tokenGeneration: undefined };

/** Everything between `begin` and `settle`. Does not throw. */
async function attempt(deps: DeliverDeps, run: Run, begun: Go, begunAt: number): Promise<Tried> {
  const load = run.load();
  if (!load.ok) {
    const verdict: Verdict = { class: 'permanent-payload', detail: maskOpenids(load.problem) };
    return tried(deps, run, begun, verdict, NOTHING);
  }
  const { job } = load;
  const body = requestBody(run.kind, job.message, run.messageKey);
  let refusedToken: Sent['refusedToken'];
  const ended = (one: Tried): Tried =>
    refusedToken ? { ...one, sent: { ...one.sent, refusedToken } } : one;
  let token = await deps.tokens.current(begun.tokenGeneration, run.span);
  for (const last of [false, true]) {
    if (token.kind !== 'token') return ended(withoutToken(token));
    const hindrance = hindered(deps, run, begun, begunAt);
    if (hindrance) return ended(hindrance);
    const sentAt = deps.clock.monotonic();
    const result = await deps.client.send(run.kind, token.token, body, run.interruption, run.span);
    const said = withoutOpenids(classify(result), job);
    const verdict = last ? afterRenewal(said) : said;
    const durationMs = deps.clock.monotonic() - sentAt;
    if (verdict.class !== 'refresh-token' || last) {
      const { generation: tokenGeneration } = token;
      return ended(tried(deps, run, begun, verdict, { durationMs, tokenGeneration }));
    }
    refusedToken = { errcode: verdict.errcode, durationMs };
    const cause = verdict.errcode === TOKEN_MISSING ? 'missing' : 'rejected';
    token = await deps.tokens.renew(token.generation, cause, run.span);
  }
  throw new Error('unreachable: the second round of the loop returns');
}

/** Logs and dead letters keep WeChat's text, which may quote whom we wrote to, or somebody else. */
function withoutOpenids(verdict: Verdict, { message }: LaneJob): Verdict {
  const { detail } = verdict;
  const openid = message['touser'];
  const rest = typeof openid === 'string' ? detail.replaceAll(openid, maskOpenid(openid)) : detail;
  return { ...verdict, detail: maskOpenids(rest) };
}

/** WeChat saw no token although one was sent: something on the way eats the query string. */
const TOKEN_MISSING = 41001;

/** A token that is missing even after a renewal is not mended by another one. */
function afterRenewal(verdict: Verdict): Verdict {
  return verdict.errcode === TOKEN_MISSING ? { ...verdict, class: 'account-config' } : verdict;
}

function tried(deps: DeliverDeps, run: Run, begun: Go, verdict: Verdict, sent: Sent): Tried {
  const decision = decide({
    verdict,
    kind: run.kind,
    spent: begun.spent,
    attempts: begun.attempts,
    ambiguousBefore: begun.ambiguousSince !== undefined,
    resendAmbiguous: run.resend,
    random: deps.random,
  });
  return { decision, verdict, sent };
}

/** The lane rests so long, and then its runs wait again: whoever has the token's lock may be dead. */
const TOKEN_SOON_MS = 500;

/** No token is nobody's fault among the messages: no attempt. */
function withoutToken(token: Exclude<TokenResult, { kind: 'token' }>): Tried {
  switch (token.kind) {
    case 'unavailable':
      return snoozed(
        'token',
        { class: 'refresh-token', detail: token.detail },
        token.soon ? TOKEN_SOON_MS : 0,
      );
    case 'refused':
      return snoozed('account', {
        class: 'account-config',
        errcode: token.errcode,
        detail: token.errmsg,
      });
  }
}

/** Reasons not to post after all, looked at right before the request. */
function hindered(deps: DeliverDeps, run: Run, begun: Go, begunAt: number): Tried | null {
  if (deps.stopping() || run.interruption.raised) return snoozed('shutdown', null);
  if (run.expiresAt !== undefined && deps.clock.now() >= run.expiresAt) {
    // It may be out already: `begin` knows what becomes of an expired message in doubt.
    if (begun.ambiguousSince !== undefined) return snoozed('busy', null);
    const decision: Decision = {
      outcome: { kind: 'dead', reason: 'expired' },
      spends: false,
      ambiguous: false,
    };
    return { decision, verdict: null, sent: NOTHING };
  }
  // The answer must be in before the lease ends, or another run could send meanwhile.
  const leaseLeft = TIMINGS.leaseMs - (deps.clock.monotonic() - begunAt);
  return leaseLeft < TIMINGS.httpDeadlineMs ? snoozed('busy', null) : null;
}

function snoozed(
  cause: Extract<Outcome, { kind: 'snooze' }>['cause'],
  verdict: Verdict | null,
  delayMs = 0,
): Tried {
  const outcome: Outcome = { kind: 'snooze', delayMs, cause };
  const decision: Decision = { outcome, spends: false, ambiguous: false };
  return { decision, verdict, sent: NOTHING };
}
