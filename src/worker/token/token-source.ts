import Bottleneck from 'bottleneck';
import { request } from 'undici';
import type { Account } from '../../shared/accounts.ts';
import type { Clock } from '../../shared/clock.ts';
import { classOf } from '../../shared/errcodes/errcode.ts';
import { messageOf } from '../../shared/errors.ts';
import { scrub, withoutValue } from '../../shared/logger.ts';
import { NO_SPAN, type Span } from '../../shared/tracing/span.ts';
import { boundedText } from '../bounded-text.ts';
import { beginCall, endFailed, endReply } from '../http-span.ts';
import type { FetchedToken } from './token-store.ts';

/** What came of asking for a token. */
export type TokenAnswer =
  | { readonly kind: 'token'; readonly fetched: FetchedToken }
  /** WeChat refuses this account until a person acts: secret, IP whitelist, frozen. */
  | { readonly kind: 'refused'; readonly errcode: number; readonly errmsg: string }
  /** Worth asking again later. */
  | {
      readonly kind: 'unavailable';
      readonly errcode?: number;
      readonly detail: string;
      readonly retryInMs: number;
    };

/** Where an account's tokens come from. */
export interface TokenSource {
  /** False where a forced refresh does not exist or means nothing. */
  readonly canForce: boolean;
  fetch(options: { readonly force: boolean; readonly span?: Span }): Promise<TokenAnswer>;
}

/** How long one fetch may take; the renewal lock is held a little longer. */
const FETCH_DEADLINE_MS = 3000;
const MAX_BODY_BYTES = 16_384;
/** After the endpoint's own quota (45009) or minute limit (45011). */
const QUOTA_BACKOFF_MS = 60_000;
const FAILURE_BACKOFF_MS = 2000;

/**
 * Asks WeChat, or the account's own token centre. Calls are rare and paced per account: one at
 * a time, at least 200 ms apart, given up by the limiter itself should one hang.
 */
export function createTokenSource(account: Account, clock: Clock): TokenSource {
  const pace = new Bottleneck({ maxConcurrent: 1, minTime: 200 });
  const expiration = FETCH_DEADLINE_MS + 1000;
  return {
    canForce: account.tokenSource.kind === 'stable_token',
    async fetch({ force, span = NO_SPAN }) {
      try {
        return await pace.schedule({ expiration }, () => tracedFetch(account, force, clock, span));
      } catch (error) {
        return unavailable(`${account.tokenSource.kind}: ${scrub(messageOf(error))}`);
      }
    },
  };
}

async function tracedFetch(
  account: Account,
  force: boolean,
  clock: Clock,
  span: Span,
): Promise<TokenAnswer> {
  const request = requestFor(account, force);
  const { pathname } = new URL(request.url);
  const isWechat = account.tokenSource.kind !== 'url';
  const { method } = request.options;
  const call = beginCall(span, method, request.url, isWechat ? pathname : undefined);
  try {
    const answer = await fetchToken(account, request, clock, call);
    if (answer.kind === 'token') call.end();
    else if (answer.errcode === undefined) endFailed(call, answer.kind);
    else endReply(call, answer.errcode);
    return answer;
  } catch (error) {
    endFailed(call, 'no answer');
    throw error;
  }
}

async function fetchToken(
  account: Account,
  { url, options }: ReturnType<typeof requestFor>,
  clock: Clock,
  call: Span,
): Promise<TokenAnswer> {
  const signal = AbortSignal.timeout(FETCH_DEADLINE_MS);
  const asked = clock.now();
  const response = await request(url, { ...options, signal });
  call.set({ 'http.response.status_code': response.statusCode });
  const text = await boundedText(response.body, MAX_BODY_BYTES);
  // A text that quotes the request must not carry the secret any further.
  const hide = (errmsg: string) => scrub(withoutValue(errmsg, account.secret.reveal()));
  return parseAnswer(text, response.statusCode, asked, hide);
}

function requestFor(account: Account, force: boolean) {
  const { appId, secret, apiBase, tokenSource } = account;
  switch (tokenSource.kind) {
    case 'stable_token':
      return {
        url: `${apiBase}/cgi-bin/stable_token`,
        options: {
          method: 'POST' as const,
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({
            grant_type: 'client_credential',
            appid: appId,
            secret: secret.reveal(),
            force_refresh: force,
          }),
        },
      };
    case 'token': {
      const query = new URLSearchParams({
        grant_type: 'client_credential',
        appid: appId,
        secret: secret.reveal(),
      });
      return {
        url: `${apiBase}/cgi-bin/token?${query.toString()}`,
        options: { method: 'GET' as const },
      };
    }
    case 'url': {
      const { header } = tokenSource;
      const headers = header ? { [header.name]: header.value.reveal() } : {};
      return { url: tokenSource.url, options: { method: 'GET' as const, headers } };
    }
  }
}

function parseAnswer(
  text: string,
  status: number,
  asked: number,
  hide: (errmsg: string) => string,
): TokenAnswer {
  const json = parseJson(text);
  const token = json['access_token'];
  const expiresIn = Number(json['expires_in']);
  if (typeof token === 'string' && token !== '' && expiresIn > 0) {
    return {
      kind: 'token',
      fetched: { token, fetchedAt: asked, expiresAt: asked + expiresIn * 1000 },
    };
  }
  const errcode = Number(json['errcode']);
  if (!Number.isSafeInteger(errcode)) return unavailable(`HTTP ${status} without a token`);
  const errmsg = typeof json['errmsg'] === 'string' ? hide(json['errmsg']).slice(0, 200) : '';
  switch (classOf(errcode, 'token')) {
    case 'account-config':
      return { kind: 'refused', errcode, errmsg };
    case 'quota-day':
    case 'rate-minute':
      return { ...unavailable(`${errcode} ${errmsg}`, QUOTA_BACKOFF_MS), errcode };
    default:
      return { ...unavailable(`${errcode} ${errmsg}`), errcode };
  }
}

function unavailable(detail: string, retryInMs = FAILURE_BACKOFF_MS) {
  return { kind: 'unavailable', detail, retryInMs } as const;
}

function parseJson(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
