import { hash } from 'node:crypto';
import { CourierError } from '../errors.ts';
import { maskOpenids } from '../openid.ts';

/**
 * A messageId is `<appId>.<key>`. The key is 26 characters of base 32 (130 bits), and is also
 * what WeChat gets as `client_msg_id`: short and plain, since WeChat documents neither charset
 * nor length of that field (WeChat facts §2.3).
 */
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const KEY_LENGTH = 26;
/** Bytes of entropy that {@link KEY_LENGTH} characters of five bits take. */
const KEY_BYTES = 17;

const MESSAGE_ID = /^([A-Za-z0-9_-]{6,64})\.([0-9a-z]{26})$/;

/** The two parts of a messageId. */
export interface MessageIdParts {
  readonly appId: string;
  /** Names the ledger record, and is WeChat's `client_msg_id`. */
  readonly key: string;
}

/**
 * The messageId of a caller's idempotency key: the same account and `id` give the same
 * messageId, in every process and for ever.
 */
export function deriveMessageId(appId: string, id: string): string {
  return `${appId}.${keyOf(hash('sha256', `${appId}\0${id}`, 'buffer'))}`;
}

/** A fresh messageId for a message without an `id`: each call is a new message. */
export function randomMessageId(appId: string, randomBytes: (size: number) => Uint8Array): string {
  return `${appId}.${keyOf(randomBytes(KEY_BYTES))}`;
}

/** Takes a messageId apart; null for a text that is not one. */
export function parseMessageId(text: string): MessageIdParts | null {
  const [, appId, key] = MESSAGE_ID.exec(text) ?? [];
  return appId !== undefined && key !== undefined ? { appId, key } : null;
}

/** As {@link parseMessageId}. @throws CourierError `ERR_UNKNOWN_MESSAGE` for a text that is not one */
export function requireMessageId(text: string): MessageIdParts {
  const parts = parseMessageId(text);
  if (parts) return parts;
  throw new CourierError(
    'ERR_UNKNOWN_MESSAGE',
    `Expected a message id as <appId>.<26 characters>, got "${maskOpenids(text).slice(0, 60)}".`,
  );
}

/** Base 32 of the first 130 bits. */
function keyOf(bytes: Uint8Array): string {
  let key = '';
  let pending = 0;
  let bits = 0;
  for (const byte of bytes) {
    pending = (pending << 8) | byte;
    bits += 8;
    while (bits >= 5 && key.length < KEY_LENGTH) {
      bits -= 5;
      key += ALPHABET[(pending >>> bits) & 31];
    }
    pending &= (1 << bits) - 1;
    if (key.length === KEY_LENGTH) break;
  }
  return key;
}
