/**
 * The vocabulary of what can become of a message. Types only, plus the closed lists that
 * other modules iterate over; every role speaks these words (see docs/architecture.md).
 */

/** What a lane carries; one lane per account and kind, as WeChat counts them apart. */
export const KINDS = ['template', 'custom'] as const;
export type Kind = (typeof KINDS)[number];

/** Why a message is dead: it will not be sent unless a person redrives it. */
export const DEAD_REASONS = [
  'permanent-recipient',
  'permanent-payload',
  'template-config',
  'window-expired',
  'window-quota',
  'exhausted',
  'expired',
  'ambiguous',
  'poison',
] as const;
export type DeadReason = (typeof DEAD_REASONS)[number];

/** Where a message is. The first four are on the way, the rest are ends. */
export const MESSAGE_STATES = [
  'scheduled',
  'queued',
  'sending',
  'retrying',
  'sent',
  'held',
  'unknown',
  'dead',
  'cancelled',
  'delivered',
  'undelivered',
] as const;
export type MessageState = (typeof MESSAGE_STATES)[number];

/** A message that had ended was put back, and which end that undid. */
export interface Redrive {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly from: 'dead' | 'unknown';
  /** When it had ended, epoch milliseconds. */
  readonly endedAt?: number;
  readonly reason?: DeadReason;
  readonly errcode?: number;
}

/**
 * The class of a WeChat errcode: what kind of answer it is.
 *
 * - `ok` accepted; `held-review` (40252) accepted, WeChat reviews and delivers it itself
 * - `refresh-token` the token is not valid any more
 * - `transient` definitely refused now, worth another attempt
 * - `rate-minute`, `quota-day` the whole lane must wait; spends no attempt
 * - `rate-recipient` this recipient must be left alone for a while
 * - `account-config` nothing of this account can be sent until a person acts
 * - `dup-suppressed` WeChat believes it has this message already
 * - the rest are permanent and name the reason of death
 */
export const ERRCODE_CLASSES = [
  'ok',
  'held-review',
  'refresh-token',
  'transient',
  'rate-minute',
  'rate-recipient',
  'quota-day',
  'account-config',
  'dup-suppressed',
  'permanent-recipient',
  'permanent-payload',
  'template-config',
  'window-expired',
  'window-quota',
] as const;
export type ErrcodeClass = (typeof ERRCODE_CLASSES)[number];

/**
 * What one try to send came to: the class of WeChat's code, or one of
 *
 * - `unknown-code` a well-formed answer with a code no table knows: never success
 * - `not-sent` nothing reached WeChat (DNS, connect, TLS)
 * - `ambiguous` something was written and no usable answer came back
 * - `refused-http` a 3xx or 4xx that is not WeChat's own answer: a proxy refused it
 */
export type VerdictClass =
  | ErrcodeClass
  | 'unknown-code'
  | 'not-sent'
  | 'ambiguous'
  | 'refused-http';

/** Why a message waits without having spent an attempt. */
export type SnoozeCause =
  | 'token'
  | 'rate-limit'
  | 'quota'
  | 'account'
  | 'permission'
  | 'busy'
  | 'shutdown';

/** What we do about a verdict. Exactly one of these ends every run of a message. */
export type Outcome =
  | { readonly kind: 'sent'; readonly wechatMsgId?: string | undefined }
  | { readonly kind: 'held' }
  | { readonly kind: 'retry'; readonly delayMs: number }
  | { readonly kind: 'snooze'; readonly delayMs: number; readonly cause: SnoozeCause }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'dead'; readonly reason: DeadReason };

/** One settled try to send, as `status` shows it. */
export interface Attempt {
  /** Counts from 1 over the whole life of the message, redrives included. */
  readonly number: number;
  /** When the try began, epoch milliseconds by Redis' clock. */
  readonly at: number;
  /** From just before the request to the answer or the failure. */
  readonly durationMs: number;
  readonly verdict: VerdictClass;
  readonly errcode?: number | undefined;
}
