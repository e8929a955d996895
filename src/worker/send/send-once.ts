import type { Dispatcher } from 'undici';
import { scrub, withoutValue } from '../../shared/logger.ts';
import { parseReply } from '../decide/reply.ts';
import type { SendResult } from '../decide/verdict.ts';
import type { Interruption } from '../interruption.ts';

export interface SendRequest {
  /** Holds the access token: it goes nowhere but to the wire. */
  readonly path: string;
  readonly body: string;
  /** The access token and the AppSecret: removed from an answer that quotes them. */
  readonly secrets: readonly string[];
  /** Aborts the request: the job's lock is lost. */
  readonly interruption: Interruption;
  /** From this call to the last byte of the answer. */
  readonly deadlineMs: number;
  /** An answer begins to come. */
  readonly onStatus?: (status: number) => void;
}

/** WeChat's answers have some hundred bytes; a larger one is not WeChat's. */
const MAX_BODY_BYTES = 65_536;
const HEADERS = { 'content-type': 'application/json; charset=utf-8' };

/**
 * Posts once and never again. Uses undici's dispatch directly, because only its handler tells
 * whether the request was ever written to a socket: before that a failure is `not-sent`,
 * afterwards nobody knows.
 */
export function sendOnce(dispatcher: Dispatcher, request: SendRequest): Promise<SendResult> {
  return new Promise((resolve) => {
    let controller: Dispatcher.DispatchController | undefined;
    let status: number | undefined;
    let size = 0;
    let settled = false;
    const chunks: Buffer[] = [];

    function settle(result: SendResult): void {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      request.interruption.listen(undefined);
      resolve(result);
    }
    function giveUp(why: string): void {
      settle(unanswered(why));
      controller?.abort(new Error(why));
    }
    function unanswered(detail: string): SendResult {
      if (!controller) return { kind: 'not-sent', detail };
      return { kind: 'uncertain', ...(status !== undefined && { httpStatus: status }), detail };
    }
    const timer = setTimeout(giveUp, request.deadlineMs, `no answer in ${request.deadlineMs} ms`);
    request.interruption.listen(() => giveUp('aborted'));

    dispatcher.dispatch(
      { method: 'POST', path: request.path, headers: HEADERS, body: request.body },
      {
        onRequestStart(started) {
          // Given up while it waited for a connection: it must not be written now.
          if (settled) started.abort(new Error('given up'));
          else controller = started;
        },
        onResponseStart(_controller, statusCode) {
          status = statusCode;
          request.onStatus?.(statusCode);
        },
        onResponseData(_controller, chunk) {
          size += chunk.length;
          if (size > MAX_BODY_BYTES) giveUp(`an answer of more than ${MAX_BODY_BYTES} bytes`);
          else chunks.push(chunk);
        },
        onResponseEnd() {
          const body = Buffer.concat(chunks).toString('utf8');
          settle(
            parseReply(status ?? 0, body, (text) =>
              scrub(request.secrets.reduce(withoutValue, text)),
            ),
          );
        },
        onResponseError(_controller, error) {
          settle(unanswered(describe(error)));
        },
      },
    );
    if (request.interruption.raised) giveUp('aborted');
  });
}

/** The code of a network error. Its message may quote the request, so it is left out. */
function describe(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return `connection failed: ${code}`;
}
