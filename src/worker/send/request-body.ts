import type { Kind } from '../../shared/outcome.ts';

/**
 * WeChat's request body. A template message carries its key as `client_msg_id`, derived and
 * never random, so that even a repetition after a crash is the same message to WeChat.
 * `JSON.stringify` writes raw UTF-8, which WeChat wants (40033 otherwise, WeChat facts §8).
 */
export function requestBody(
  kind: Kind,
  message: Readonly<Record<string, unknown>>,
  messageKey: string,
): string {
  return JSON.stringify(kind === 'template' ? { ...message, client_msg_id: messageKey } : message);
}
