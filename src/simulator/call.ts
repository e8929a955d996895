import { isObject } from './template.ts';
import { refuse, type Refusal } from './verdict.ts';

/** One request to WeChat, read completely. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
  readonly ip: string;
  /** The body as a JSON object, parsed once; undefined when it is anything else. */
  readonly json: Record<string, unknown> | undefined;
}

export function createCall(raw: { method: string; url: string; body: string; ip: string }): Call {
  const mark = raw.url.indexOf('?');
  const path = mark < 0 ? raw.url : raw.url.slice(0, mark);
  const query = new URLSearchParams(mark < 0 ? '' : raw.url.slice(mark + 1));
  return {
    method: raw.method,
    path,
    query,
    body: raw.body,
    ip: raw.ip.replace('::ffff:', ''),
    json: parseObject(raw.body),
  };
}

/** A text field of the JSON body. */
export function textField(call: Call, name: string): string | undefined {
  const value = call.json?.[name];
  return typeof value === 'string' ? value : undefined;
}

/** What is wrong with the body of a business call, if anything. */
export function bodyRefusal(call: Call, refuseEscapes: boolean): Refusal | undefined {
  if (call.body === '') return refuse(44002);
  if (call.json === undefined) return refuse(47001);
  if (refuseEscapes && hasUnicodeEscape(call.body)) return refuse(40033);
  return undefined;
}

function parseObject(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** `\u6211` is an escape, `\\u6211` is text. */
function hasUnicodeEscape(body: string): boolean {
  return body.includes('\\u') && /(?<!\\)(?:\\\\)*\\u[0-9a-fA-F]{4}/u.test(body);
}
