import type { LedgerRecord } from '../shared/ledger/ledger.ts';
import type { Attempt, DeadReason, Kind, MessageState, Redrive } from '../shared/outcome.ts';

/** What is known of a message. */
export interface MessageStatus {
  readonly messageId: string;
  readonly appId: string;
  readonly kind: Kind;
  readonly state: MessageState;
  /** Only with `dead`. */
  readonly reason?: DeadReason;
  /** WeChat's code that decided the end. */
  readonly errcode?: number;
  /** WeChat's msgid, as text: it exceeds 2^53. */
  readonly wechatMsgId?: string;
  /** Said by a person who resolved an unknown message, not by WeChat. */
  readonly settledBy?: 'person';
  /** When the ledger recorded it, epoch milliseconds. */
  readonly acceptedAt: number;
  /** Not to be sent before, epoch milliseconds. */
  readonly sendAt?: number;
  /** When it came to its end, epoch milliseconds. */
  readonly endedAt?: number;
  /** How often it was put back after it had died; absent for never. */
  readonly redrives?: number;
  /** The latest of these, oldest first, each with the end that it undid. */
  readonly redriven?: readonly Redrive[];
  readonly attempts: readonly Attempt[];
}

/** The ledger's record in the words of the outside. */
export function statusOf(
  messageId: string,
  appId: string,
  record: LedgerRecord,
  now: number,
): MessageStatus {
  const scheduled = record.state === 'queued' && record.due !== undefined && record.due > now;
  return {
    messageId,
    appId,
    kind: record.kind,
    state: scheduled ? 'scheduled' : record.state,
    ...(record.reason && { reason: record.reason }),
    ...(record.errcode !== undefined && { errcode: record.errcode }),
    ...(record.wechatMsgId && { wechatMsgId: record.wechatMsgId }),
    ...(record.settledBy && { settledBy: record.settledBy }),
    acceptedAt: record.acceptedAt,
    ...(record.due !== undefined && { sendAt: record.due }),
    ...(record.endedAt !== undefined && { endedAt: record.endedAt }),
    ...(record.redrives > 0 && { redrives: record.redrives }),
    ...(record.redriven && { redriven: record.redriven }),
    attempts: record.attempts,
  };
}
