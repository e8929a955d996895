import type { SendResult } from './verdict.ts';

/**
 * Reads the body of an HTTP answer by its content, never by its headers: WeChat says
 * `encoding=utf-8` or `text/plain` for JSON, and proxies say `application/json` for HTML
 * (WeChat facts §8).
 *
 * @param hide removes from WeChat's text what must not be kept of it: our token, if it quotes us
 */
export function parseReply(
  httpStatus: number,
  body: string,
  hide: (text: string) => string = (text) => text,
): SendResult {
  const json = parseObject(body);
  const errcode = json === null ? null : integerOf(json['errcode']);
  if (json !== null && errcode !== null && (isSuccess(httpStatus) || errcode !== 0)) {
    return replyOf(errcode, json, hide);
  }
  // A proxy that says 408 may have passed the request on.
  if (httpStatus >= 300 && httpStatus < 500 && httpStatus !== 408) {
    return {
      kind: 'refused-http',
      httpStatus,
      detail: `HTTP ${httpStatus} that is not WeChat's answer`,
    };
  }
  return { kind: 'uncertain', httpStatus, detail: `HTTP ${httpStatus} with ${describe(body)}` };
}

function replyOf(
  errcode: number,
  json: Record<string, unknown>,
  hide: (text: string) => string,
): SendResult {
  const { text, rid } = splitErrmsg(hide(textOf(json['errmsg'])));
  const msgid = json['msgid'];
  return {
    kind: 'reply',
    errcode,
    errmsg: text,
    rid,
    msgid: typeof msgid === 'string' && /^[1-9]\d*$/.test(msgid) ? msgid : undefined,
  };
}

/** Far more than WeChat writes; bounds the work on a text that is not WeChat's. */
const LONGEST_TEXT = 2000;

function textOf(errmsg: unknown): string {
  return typeof errmsg === 'string' ? errmsg.slice(0, LONGEST_TEXT) : '';
}

/** `msgid` is quoted before parsing, since JSON.parse would round it (WeChat facts §2.3). */
function parseObject(body: string): Record<string, unknown> | null {
  const quoted = body.replace(/("msgid"\s*:\s*)(\d+)/g, '$1"$2"');
  const value = tryParse(quoted) ?? tryParse(quoted.replace(CONTROL, escapeControl));
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;
}

/** WeChat sometimes leaves control characters raw inside strings (WeChat facts §5.1). */
// oxlint-disable-next-line no-control-regex -- matching them is the point
const CONTROL = /[\u0000-\u001f]/g;

function escapeControl(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Some APIs answer errcode as a string of digits; anything else is no errcode. */
function integerOf(value: unknown): number | null {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  return typeof value === 'string' && /^-?\d{1,9}$/.test(value) ? Number(value) : null;
}

/** More than any text of WeChat's; a longer one is cut before it is looked at. */
const ERRMSG_LENGTH = 300;

/** Parts the request id from WeChat's text: `… rid: 8hex-8hex-8hex` or `… hint: [xxxx]`. */
export function splitErrmsg(errmsg: string): { text: string; rid?: string | undefined } {
  const short = errmsg.slice(0, ERRMSG_LENGTH);
  const found = /\b(?:rid|hints?)\b\s?:?\s?\[?\s?([\w-]*)/i.exec(short);
  if (!found) return { text: short.trim() };
  const rid = found[1];
  const text = short.slice(0, found.index).trim();
  return { text: text.endsWith(',') ? text.slice(0, -1) : text, ...(rid && { rid }) };
}

function isSuccess(httpStatus: number): boolean {
  return httpStatus >= 200 && httpStatus < 300;
}

function describe(body: string): string {
  if (body.trim() === '') return 'an empty body';
  return body.trimStart().startsWith('<')
    ? 'an HTML or XML body'
    : `a body of ${body.length} characters without an errcode`;
}
