/** `oABCD…wxyz`: enough to tell recipients apart, too little to message them. */
export function maskOpenid(openid: string): string {
  return openid.length < 12 ? '***' : `${openid.slice(0, 5)}…${openid.slice(-4)}`;
}

/** What openids have always looked like (WeChat facts §2.1), and nothing of ours does. */
const OPENID = /(?<![\w-])o[\w-]{27}(?![\w-])/g;

/**
 * Shortens what looks like an openid in a text that somebody typed: an address, or a value in
 * the wrong field. Where an openid is expected, {@link maskOpenid} needs no guess.
 */
export function maskOpenids(text: string): string {
  return text.replaceAll(OPENID, maskOpenid);
}
