import { request } from 'undici';
import { z } from 'zod';
import { classOf } from '../../shared/errcodes/errcode.ts';
import type { Kind } from '../../shared/outcome.ts';
import type { Quota } from '../../shared/quota.ts';
import { boundedText } from '../bounded-text.ts';
import { SEND_PATHS } from './wechat-client.ts';

const DEADLINE_MS = 3000;
const MAX_BODY_BYTES = 16_384;

const count = z.number().min(0);
const answerSchema = z.object({
  errcode: z.coerce.number().int(),
  quota: z.object({ daily_limit: count, used: count, remain: count }).optional(),
  rate_limit: z.object({ call_count: count, refresh_second: count }).optional().catch(undefined),
});

/**
 * Asks WeChat how many calls of one kind an account may still make today
 * (`POST /cgi-bin/openapi/quota/get`, WeChat facts §6.1).
 *
 * @returns null if WeChat refuses the token: whoever sends next has it renewed
 * @throws Error without an answer of WeChat's; it never quotes the token
 */
export async function askQuota(
  ask: {
    readonly apiBase: string;
    readonly kind: Kind;
    readonly token: string;
  },
  now: () => number,
): Promise<Quota | null> {
  const url = `${ask.apiBase}/cgi-bin/openapi/quota/get?access_token=${encodeURIComponent(ask.token)}`;
  const response = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ cgi_path: SEND_PATHS[ask.kind] }),
    signal: AbortSignal.timeout(DEADLINE_MS),
  });
  const text = await boundedText(response.body, MAX_BODY_BYTES);
  return quotaIn(text, response.statusCode, now());
}

function quotaIn(text: string, httpStatus: number, readAt: number): Quota | null {
  const answer = answerSchema.safeParse(tryParse(text)).data;
  if (!answer)
    throw new Error(`openapi/quota/get: expected an answer of WeChat, got HTTP ${httpStatus}`);
  const { errcode, quota, rate_limit: rate } = answer;
  if (errcode !== 0) {
    const isRefused = classOf(errcode, 'send') === 'refresh-token';
    return isRefused ? null : { kind: 'untold', errcode, readAt };
  }
  if (!quota) throw new Error('openapi/quota/get: expected a quota, got none');
  const { daily_limit: dailyLimit, used, remain } = quota;
  return {
    kind: 'told',
    dailyLimit,
    used,
    remain,
    ...(rate && { rate: { calls: rate.call_count, seconds: rate.refresh_second } }),
    readAt,
  };
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
