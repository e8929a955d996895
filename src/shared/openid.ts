/** `oABCD…wxyz`: enough to tell recipients apart, too little to message them. */
export function maskOpenid(openid: string): string {
  return openid.length < 12 ? '***' : `${openid.slice(0, 5)}…${openid.slice(-4)}`;
}

/** What openids have always looked like (WeChat facts §2.1), and nothing of ours does. */
const OPENID = /(?<![\w-])o[\w-]{27}(?![\w-])/g;

/** One within a longer name, as in `order-<openid>-paid`: both cases tell it from a plain word. */
const GLUED_OPENID =
  /(?<![A-Za-z0-9])o(?=[\w-]{0,26}[A-Z])(?=[\w-]{0,26}[a-z])[\w-]{27}(?![A-Za-z0-9])/g;

/**
 * Shortens what looks like an openid in a text that somebody typed: an address, or a value in
 * the wrong field. Where an openid is expected, {@link maskOpenid} needs no guess.
 */
export function maskOpenids(text: string): string {
  return text.replaceAll(OPENID, maskOpenid).replaceAll(GLUED_OPENID, maskOpenid);
}
