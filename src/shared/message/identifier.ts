import { z } from 'zod';

/**
 * The identifiers WeChat gives out. An openid of 28 characters and a template_id of 43 are
 * observed, not documented, and WeChat may change them: refuse only what cannot be one, and
 * leave the rest to WeChat's answer (40003, 40036, 40037). WeChat facts §2.1.
 */
const WECHAT_ID = /^[0-9A-Za-z_-]{20,64}$/;

/** The account's own appId: lenient beyond `wx` and 16 letters, as sandboxes may differ. */
export const APP_ID = /^[A-Za-z0-9_-]{6,64}$/;

export const openid = z
  .string('the recipient’s openid')
  .regex(WECHAT_ID, 'an openid (20 to 64 letters, digits, _ or -)');

export const templateId = z
  .string('the id of a template of this account')
  .regex(WECHAT_ID, 'a template id (20 to 64 letters, digits, _ or -)');

export const accountAppId = z
  .string('the appId of an account')
  .regex(APP_ID, 'an appId (6 to 64 letters, digits, _ or -, as in wx0123456789abcdef)');

/** A text that WeChat requires and that cannot be empty, such as a media_id. */
export function requiredText(what: string) {
  return z.string(what).min(1, what);
}
