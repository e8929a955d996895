import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { CourierError, messageOf, type Issue } from './errors.ts';
import { issuesOf, pointer, shown, valueAt } from './issue.ts';
import { jsonErrorPosition } from './json-position.ts';
import { accountAppId } from './message/identifier.ts';
import type { Kind } from './outcome.ts';
import { Secret } from './secret.ts';

/** Where an account's access token comes from. */
export type TokenSource =
  | { readonly kind: 'stable_token' }
  /** The classic endpoint: every fetch replaces the token before it. */
  | { readonly kind: 'token' }
  /** An existing token centre, asked with GET. */
  | {
      readonly kind: 'url';
      readonly url: string;
      readonly header?: { readonly name: string; readonly value: Secret };
    };

/** One Official Account, checked and with its defaults. */
export interface Account {
  readonly appId: string;
  readonly secret: Secret;
  /** An origin without a trailing slash. */
  readonly apiBase: string;
  readonly tokenSource: TokenSource;
  /** Sends a second, per lane. */
  readonly rate: Readonly<Record<Kind, { readonly perSecond: number }>>;
  /** Absent: events of this account are not taken. */
  readonly callback?: {
    readonly token: Secret;
    /** With it, only signed and encrypted bodies are taken. */
    readonly encodingAesKey?: Secret;
  };
}

export const DEFAULT_API_BASE = 'https://api.weixin.qq.com';
/** WeChat publishes no limit per second; see `rate_limit` of its `openapi/quota/get`. */
export const DEFAULT_PER_SECOND = 100;

type Environment = Readonly<Record<string, string | undefined>>;

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;
const LOOPBACK_RULE = '(http:// only for 127.0.0.0/8, ::1 and localhost)';

const origin = z
  .string(`an https:// address ${LOOPBACK_RULE}`)
  .refine(isSafeUrl, `an https:// address ${LOOPBACK_RULE}`)
  .refine(isOrigin, `an address without path, query or user, as in ${DEFAULT_API_BASE}`)
  .transform((text) => new URL(text).origin);

const tokenCentre = strict({
  url: z
    .string(`an https:// address ${LOOPBACK_RULE}`)
    .refine(isSafeUrl, `an https:// address ${LOOPBACK_RULE}`),
  header: secretText('a header as in "Authorization: Bearer …"').optional(),
});

const rate = strict({ perSecond: z.number('a number').positive('a number above 0') });

const account = strict({
  appId: accountAppId,
  secret: secretText('the account’s AppSecret as a non-empty string'),
  apiBase: origin.default(DEFAULT_API_BASE),
  tokenSource: z
    .union(
      [z.enum(['stable_token', 'token']), tokenCentre],
      '"stable_token", "token" or {"url": "https://…", "header": "…"}',
    )
    .default('stable_token'),
  rate: strict({ template: rate.optional(), custom: rate.optional() }).optional(),
  callback: strict({
    token: secretText('the callback token as a non-empty string'),
    encodingAesKey: secretText('an EncodingAESKey of 43 letters and digits')
      .regex(/^[A-Za-z0-9+/]{43}$/, 'an EncodingAESKey of 43 letters and digits')
      .optional(),
  }).optional(),
});

const accountsSchema = strict({
  accounts: z.array(account, 'a list of accounts').superRefine((accounts, context) => {
    const seen = new Set<string>();
    for (const [index, { appId }] of accounts.entries()) {
      if (seen.has(appId)) {
        const message = 'an appId that no earlier account has';
        context.addIssue({ code: 'custom', path: [index, 'appId'], message });
      }
      seen.add(appId);
    }
  }),
});

/** Fields whose values no error may show. */
const HIDDEN_FIELDS = new Set([
  'secret',
  'callback',
  'token',
  'encodingAesKey',
  'tokenSource',
  'header',
]);

/**
 * The accounts of an accounts file's text, frozen. `${NAME}` inside a string is replaced from
 * the environment after parsing, so a value needs no escaping and is not replaced again.
 *
 * @throws CourierError `ERR_CONFIG` with issues; values of secrets are in none of them
 */
export function parseAccounts(text: string, env: Environment): Account[] {
  const written = jsonOf(text);
  const missing: Issue[] = [];
  const filled = fill(written, [], env, missing);
  const parsed = accountsSchema.safeParse(filled);
  if (parsed.success && missing.length === 0) return parsed.data.accounts.map(accountOf);
  // What came is shown as written: with `${NAME}`, not with what the environment holds.
  const show = (_: unknown, path: readonly PropertyKey[]) =>
    path.some((step) => HIDDEN_FIELDS.has(String(step)))
      ? 'another'
      : shown(valueAt(written, path));
  const found = parsed.success ? [] : issuesOf(parsed.error, filled, { show });
  const others = found.filter(({ path }) => !missing.some((issue) => issue.path === path));
  throw accountsError([...missing, ...others]);
}

/**
 * Reads and parses the accounts file.
 *
 * @throws CourierError `ERR_CONFIG`: one line with the file, the JSON path and the reason
 */
export function loadAccountsFile(path: string, env: Environment): Account[] {
  return fromFile(path, (text) => parseAccounts(text, env));
}

/**
 * The appIds of an accounts file, for those who only hand messages over: they need no secret,
 * so nothing is replaced from the environment and no other field is looked at.
 *
 * @throws CourierError `ERR_CONFIG`: one line with the file, the JSON path and the reason
 */
export function loadAppIds(path: string): string[] {
  return fromFile(path, (text) => {
    const written = jsonOf(text);
    const parsed = appIdsSchema.safeParse(written);
    if (!parsed.success) throw accountsError(issuesOf(parsed.error, written));
    return parsed.data.accounts.map(({ appId }) => appId);
  });
}

const appIdsSchema = z.looseObject(
  { accounts: z.array(z.looseObject({ appId: accountAppId }), 'a list of accounts') },
  'an object with accounts',
);

function fromFile<Result>(path: string, parse: (text: string) => Result): Result {
  try {
    return parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const issues = error instanceof CourierError ? error.issues : [];
    const reason = error instanceof CourierError ? error.message : unreadable(error);
    throw new CourierError('ERR_CONFIG', `${path}: ${reason}`, { issues });
  }
}

type ParsedAccount = z.output<typeof account>;

function accountOf(parsed: ParsedAccount): Account {
  const { appId, secret, apiBase, tokenSource, rate: rates, callback } = parsed;
  const perSecond = (kind: Kind) => ({ perSecond: rates?.[kind]?.perSecond ?? DEFAULT_PER_SECOND });
  return deepFreeze({
    appId,
    secret: new Secret(secret),
    apiBase,
    tokenSource: tokenSourceOf(tokenSource),
    rate: { template: perSecond('template'), custom: perSecond('custom') },
    ...(callback && { callback: callbackOf(callback) }),
  });
}

function tokenSourceOf(parsed: ParsedAccount['tokenSource']): TokenSource {
  if (typeof parsed === 'string') return { kind: parsed };
  const { url, header } = parsed;
  return { kind: 'url', url, ...(header !== undefined && { header: headerOf(header) }) };
}

/** `Name: value`; a text without a name is the value of `Authorization`. */
function headerOf(line: string): { name: string; value: Secret } {
  const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):\s*(.*)$/.exec(line) ?? [];
  return { name: name ?? 'Authorization', value: new Secret(value ?? line) };
}

function callbackOf(parsed: NonNullable<ParsedAccount['callback']>) {
  const { token, encodingAesKey } = parsed;
  return {
    token: new Secret(token),
    ...(encodingAesKey !== undefined && { encodingAesKey: new Secret(encodingAesKey) }),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    // The engine's own message quotes the text around the mistake, which may be a secret.
    const { line, column } = jsonErrorPosition(text.replace(/^\uFEFF/, ''));
    const reason = `expected JSON, got a mistake at line ${line}, column ${column}`;
    throw new CourierError('ERR_CONFIG', reason, { issues: [{ path: '', reason }] });
  }
}

const PLACEHOLDER = /\$\{([^{}]*)\}/g;

/** A copy of the document with its `${NAME}` replaced; what is missing is added to the list. */
function fill(
  value: unknown,
  path: readonly string[],
  env: Environment,
  missing: Issue[],
): unknown {
  if (typeof value === 'string') {
    return value.replaceAll(PLACEHOLDER, (_, name: string) => {
      const found = Object.hasOwn(env, name) ? env[name] : undefined;
      if (found === undefined || found === '') missing.push(unset(path, name, found));
      return found ?? '';
    });
  }
  if (Array.isArray(value)) {
    return value.map((item, index) => fill(item, [...path, String(index)], env, missing));
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, fill(item, [...path, key], env, missing)]),
  );
}

function unset(path: readonly string[], name: string, value: string | undefined): Issue {
  const state = value === undefined ? 'is not set' : 'is empty';
  const reason = `expected the environment variable ${name.slice(0, 40)} to be set, but it ${state}`;
  return { path: pointer(path), reason };
}

function accountsError(issues: readonly Issue[]): CourierError {
  const [first] = issues;
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  const where = first?.path ? `${first.path}: ` : '';
  return new CourierError('ERR_CONFIG', `${where}${first?.reason}${more}`, { issues });
}

function unreadable(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'this process may not read it';
  return `it cannot be read (${messageOf(error)})`;
}

function isSafeUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url) return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.test(url.hostname));
}

function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return true;
  const url = new URL(text);
  return url.href === `${url.origin}/`;
}

function secretText(what: string) {
  return z
    .string(what)
    .min(1, what)
    .regex(/^\P{Cc}*$/u, `${what}, without control characters`);
}

/** An object that knows all its fields: another one is an error that lists them. */
function strict<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const fields = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? fields : `an object with ${fields}`),
  });
}

function deepFreeze<T extends object>(object: T): T {
  for (const value of Object.values(object)) {
    if (typeof value === 'object' && value !== null) deepFreeze(value);
  }
  return Object.freeze(object);
}
