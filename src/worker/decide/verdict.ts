import { classOf } from '../../shared/errcodes/errcode.ts';
import type { VerdictClass } from '../../shared/outcome.ts';

/** What came back from one request to WeChat. */
export type SendResult =
  /** A parsed answer of WeChat's own, whatever the HTTP status or content type said. */
  | {
      readonly kind: 'reply';
      readonly errcode: number;
      /** Without WeChat's request id. */
      readonly errmsg: string;
      readonly rid?: string | undefined;
      /** Text from the wire on: the number exceeds 2^53. */
      readonly msgid?: string | undefined;
    }
  /** Not one byte of the request was written: DNS, connect, TLS. */
  | { readonly kind: 'not-sent'; readonly detail: string }
  /** The request was written, at least in part, and no usable answer came. */
  | {
      readonly kind: 'uncertain';
      readonly httpStatus?: number | undefined;
      readonly detail: string;
    }
  /** A redirect or a 4xx that WeChat did not write. */
  | { readonly kind: 'refused-http'; readonly httpStatus: number; readonly detail: string };

/** What a result means. Pure: the same result always means the same. */
export interface Verdict {
  readonly class: VerdictClass;
  readonly errcode?: number | undefined;
  /** Of an answer that is not WeChat's own. */
  readonly httpStatus?: number | undefined;
  /** For people: WeChat's text, or what went wrong on the way. */
  readonly detail: string;
  readonly rid?: string | undefined;
  readonly wechatMsgId?: string | undefined;
}

/** Classifies a result. Only errcode 0 is `ok`; what no table knows is never success. */
export function classify(result: SendResult): Verdict {
  switch (result.kind) {
    case 'reply':
      return {
        class: classOf(result.errcode, 'send'),
        errcode: result.errcode,
        detail: result.errmsg,
        rid: result.rid,
        wechatMsgId: result.msgid,
      };
    case 'not-sent':
      return { class: 'not-sent', detail: result.detail };
    case 'uncertain':
      return { class: 'ambiguous', httpStatus: result.httpStatus, detail: result.detail };
    case 'refused-http':
      // 429 is a limit, whoever keeps it.
      return {
        class: result.httpStatus === 429 ? 'rate-minute' : 'refused-http',
        httpStatus: result.httpStatus,
        detail: result.detail,
      };
  }
}
