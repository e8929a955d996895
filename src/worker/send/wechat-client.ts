import { Pool } from 'undici';
import type { Kind } from '../../shared/outcome.ts';
import type { Secret } from '../../shared/secret.ts';
import { TIMINGS } from '../../shared/timings.ts';
import type { Span } from '../../shared/tracing/span.ts';
import type { SendResult } from '../decide/verdict.ts';
import { beginCall, endFailed, endReply } from '../http-span.ts';
import type { Interruption } from '../interruption.ts';
import { sendOnce } from './send-once.ts';

/** Posts messages of one account to WeChat; each call is exactly one request. */
export interface WechatClient {
  send(
    kind: Kind,
    token: string,
    body: string,
    interruption: Interruption,
    span: Span,
  ): Promise<SendResult>;
  /** Waits for what is in flight. */
  close(): Promise<void>;
  /** Breaks off what is in flight: its outcome is then uncertain. */
  abort(): Promise<void>;
}

/** Of WeChat's API, by kind; quotas are counted for each. */
export const SEND_PATHS: Readonly<Record<Kind, string>> = {
  template: '/cgi-bin/message/template/send',
  custom: '/cgi-bin/message/custom/send',
};

/**
 * A connection pool of its own per account. Idle connections are dropped after 4 s, before a
 * middlebox does it silently; there are no retries and no redirects below this line.
 */
export function createWechatClient(options: {
  readonly apiBase: string;
  readonly connections: number;
  /** Not sent; removed from answers. */
  readonly secret: Secret;
}): WechatClient {
  const pool = new Pool(options.apiBase, {
    connections: options.connections,
    pipelining: 1,
    connect: { timeout: 2000 },
    headersTimeout: 5000,
    bodyTimeout: 5000,
    keepAliveTimeout: 4000,
    keepAliveMaxTimeout: 20_000,
  });
  return {
    async send(kind, token, body, interruption, span) {
      const call = beginCall(span, 'POST', options.apiBase, SEND_PATHS[kind]);
      const result = await sendOnce(pool, {
        path: `${SEND_PATHS[kind]}?access_token=${encodeURIComponent(token)}`,
        body,
        secrets: [token, options.secret.reveal()],
        interruption,
        deadlineMs: TIMINGS.httpDeadlineMs,
        onStatus: (status) => call.set({ 'http.response.status_code': status }),
      });
      if (result.kind === 'reply') endReply(call, result.errcode);
      else endFailed(call, result.kind);
      return result;
    },
    close: async () => {
      if (!pool.destroyed) await pool.close();
    },
    abort: () => pool.destroy(),
  };
}
