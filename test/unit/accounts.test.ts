import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadAccountsFile, parseAccounts, type Account } from '../../src/shared/accounts.ts';
import { CourierError } from '../../src/shared/errors.ts';
import { jsonErrorPosition } from '../../src/shared/json-position.ts';

const APP_ID = 'wx0123456789abcdef';
const AES_KEY = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG';

function parseOne(fields: object, env: Record<string, string> = {}): Account {
  const text = JSON.stringify({ accounts: [{ appId: APP_ID, secret: 'hunter2', ...fields }] });
  const [account] = parseAccounts(text, env);
  if (!account) throw new Error('no account');
  return account;
}

function configError(run: () => unknown): CourierError {
  try {
    run();
  } catch (error) {
    if (error instanceof CourierError && error.code === 'ERR_CONFIG') return error;
    throw error;
  }
  throw new Error('accepted');
}

describe('an account', () => {
  it('needs only appId and secret', () => {
    const account = parseOne({});
    expect(account).toMatchObject({
      appId: APP_ID,
      apiBase: 'https://api.weixin.qq.com',
      tokenSource: { kind: 'stable_token' },
      rate: { template: { perSecond: 100 }, custom: { perSecond: 100 } },
    });
    expect(account.callback).toBeUndefined();
    expect(account.secret.reveal()).toBe('hunter2');
  });

  it('takes all it can be told', () => {
    const account = parseOne(
      {
        secret: '${WX_SECRET}',
        apiBase: 'https://sh.api.weixin.qq.com/',
        tokenSource: { url: 'https://token.example/${ENV}/wx', header: 'X-Key: ${KEY}' },
        rate: { template: { perSecond: 0.5 } },
        callback: { token: '${WX_CB_TOKEN}', encodingAesKey: AES_KEY },
      },
      { WX_SECRET: 'a"b\\c${KEY}', ENV: 'prod', KEY: 'k', WX_CB_TOKEN: 't' },
    );
    expect(account).toMatchObject({
      apiBase: 'https://sh.api.weixin.qq.com',
      tokenSource: { kind: 'url', url: 'https://token.example/prod/wx', header: { name: 'X-Key' } },
      rate: { template: { perSecond: 0.5 }, custom: { perSecond: 100 } },
    });
    expect(account.secret.reveal()).toBe('a"b\\c${KEY}');
    expect(account.callback?.token.reveal()).toBe('t');
    expect(account.callback?.encodingAesKey?.reveal()).toBe(AES_KEY);
  });

  it('sends a header without a name as Authorization', () => {
    const { tokenSource } = parseOne({
      tokenSource: { url: 'https://token.example', header: 'Bearer a:b' },
    });
    if (tokenSource.kind !== 'url') throw new Error(tokenSource.kind);
    expect(tokenSource.header?.name).toBe('Authorization');
    expect(tokenSource.header?.value.reveal()).toBe('Bearer a:b');
  });

  it('is frozen all through', () => {
    const account = parseOne({ callback: { token: 't' } });
    for (const part of [account, account.rate, account.rate.custom, account.callback]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  it('shows its secrets neither in JSON nor in a log nor in a text', () => {
    const account = parseOne({
      secret: 'hunter2',
      callback: { token: 'hunter3', encodingAesKey: AES_KEY },
      tokenSource: { url: 'https://token.example', header: 'hunter4' },
    });
    const shown = `${JSON.stringify(account)} ${inspect(account, { depth: 9, showHidden: true })}`;
    expect(`${shown} ${String(account.secret)}`).not.toMatch(/hunter|abcdefghij/);
    expect(shown).toContain('[secret]');
  });

  it.each([
    'http://127.0.0.1:9000',
    'http://127.8.8.8',
    'http://localhost:1',
    'http://[::1]:1/',
    'https://api2.weixin.qq.com',
  ])('may have %s as apiBase', (apiBase) => {
    expect(parseOne({ apiBase }).apiBase).toBe(apiBase.replace(/\/$/, ''));
  });

  it.each([
    ['http://api.weixin.qq.com', 'http:// only for'],
    ['http://127.0.0.1.example', 'http:// only for'],
    ['http://localhost.example', 'http:// only for'],
    ['http://10.0.0.1', 'http:// only for'],
    ['ftp://127.0.0.1', 'an https:// address'],
    ['api.weixin.qq.com', 'an https:// address'],
    ['', 'an https:// address'],
    ['https://api.weixin.qq.com/cgi-bin', 'without path'],
    ['https://api.weixin.qq.com?x', 'without path'],
    ['https://user:pw@api.weixin.qq.com', 'without path'],
  ])('may not have %s as apiBase', (apiBase, hint) => {
    const { issues } = configError(() => parseOne({ apiBase }));
    expect(issues[0]?.path).toBe('/accounts/0/apiBase');
    expect(issues[0]?.reason).toContain(hint);
  });

  it.each([
    ['a wrong appId', { appId: 'wx' }, '/accounts/0/appId'],
    ['an empty secret', { secret: '' }, '/accounts/0/secret'],
    ['a number as secret', { secret: 87654321 }, '/accounts/0/secret'],
    ['a rate of zero', { rate: { custom: { perSecond: 0 } } }, '/accounts/0/rate/custom/perSecond'],
    ['an unknown token source', { tokenSource: 'stable' }, '/accounts/0/tokenSource'],
    [
      'a token centre without TLS',
      { tokenSource: { url: 'http://token.example' } },
      '/accounts/0/tokenSource/url',
    ],
    [
      'a header that smuggles another',
      { tokenSource: { url: 'https://token.example', header: 'a: b\r\nc: d' } },
      '/accounts/0/tokenSource/header',
    ],
    [
      'a short AES key',
      { callback: { token: 't', encodingAesKey: 'short' } },
      '/accounts/0/callback/encodingAesKey',
    ],
    ['no callback token', { callback: {} }, '/accounts/0/callback/token'],
  ])('is refused with %s', (_, fields, path) => {
    const { issues, message } = configError(() => parseOne(fields));
    expect(issues.map((issue) => issue.path)).toEqual([path]);
    expect(message).toBe(`${path}: ${issues[0]?.reason}`);
    expect(message).toMatch(/: expected .+, got .+$/);
    expect(message).not.toMatch(/87654321|short"|c: d/);
  });

  it('is refused with an unknown field, and told the name that was probably meant', () => {
    const { message } = configError(() => parseOne({ token_source: 'token' }));
    expect(message).toBe(
      '/accounts/0/token_source: expected no field "token_source": did you mean "tokenSource"?',
    );
  });

  it('is refused when a variable is not set, by name', () => {
    const { issues } = configError(() => parseOne({ secret: '${WX_SECRET}', apiBase: '${BASE}' }));
    expect(issues).toEqual([
      {
        path: '/accounts/0/secret',
        reason: expect.stringContaining('variable WX_SECRET to be set'),
      },
      { path: '/accounts/0/apiBase', reason: expect.stringContaining('variable BASE to be set') },
    ]);
  });

  it('never has what the environment holds in an error', () => {
    const env = { LEAK: 'hunter2!' };
    const fields = { appId: '${LEAK}', apiBase: '${LEAK}', tokenSource: '${LEAK}', secret: '' };
    const { message, issues } = configError(() => parseOne(fields, env));
    expect(issues).toHaveLength(4);
    expect(`${message}${JSON.stringify(issues)}`).not.toContain('hunter2');
    expect(message).toContain('got "${LEAK}"');
  });
});

describe('the accounts file', () => {
  it('may hold many accounts, each once', () => {
    const account = { appId: APP_ID, secret: 's' };
    const other = { appId: 'wxfedcba9876543210', secret: 's' };
    expect(parseAccounts(JSON.stringify({ accounts: [account, other] }), {})).toHaveLength(2);
    const twice = JSON.stringify({ accounts: [account, other, account] });
    const { message } = configError(() => parseAccounts(twice, {}));
    expect(message).toMatch(/^\/accounts\/2\/appId: expected an appId that no earlier account has/);
  });

  it('names line and column of broken JSON, and quotes nothing', () => {
    const text = '{\n  "accounts": [{\n    "secret": "hunter2"\n    "appId": "x" }]\n}';
    const { message } = configError(() => parseAccounts(text, {}));
    expect(message).toBe('expected JSON, got a mistake at line 4, column 5');
  });

  it.each(['[]', 'null', '{}', '{"accounts": {}}', '{"account": []}', '""'])(
    'is refused as %s',
    (text) => {
      expect(configError(() => parseAccounts(text, {})).issues.length).toBeGreaterThan(0);
    },
  );

  it('is read from disk, and named in every error', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'accounts-')), 'accounts.json');
    expect(configError(() => loadAccountsFile(path, {})).message).toBe(
      `${path}: there is no such file`,
    );
    writeFileSync(path, `\uFEFF{"accounts": [{"appId": "${APP_ID}", "secret": "\${S}"}]}`);
    expect(loadAccountsFile(path, { S: 's' })).toHaveLength(1);
    const { message } = configError(() => loadAccountsFile(path, {}));
    expect(message.startsWith(`${path}: /accounts/0/secret: expected the environment`)).toBe(true);
    expect(message).not.toContain('\n');
  });
});

describe('the place of a mistake in JSON', () => {
  it.each([
    ['', 1, 1],
    ['{"a": 1,}', 1, 9],
    ['{"a": 1} x', 1, 10],
    ['[1, 2', 1, 6],
    ['{\n"a" 1}', 2, 5],
    ['[tru]', 1, 2],
    ["{'a': 1}", 1, 2],
    ['["a\nb"]', 1, 2],
  ])('in %j is line %i, column %i', (text, line, column) => {
    expect(() => JSON.parse(text)).toThrow(SyntaxError);
    expect(jsonErrorPosition(text)).toEqual({ line, column });
  });

  it('is the end for whatever is JSON after all', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const { column } = jsonErrorPosition(text);
        expect(column).toBe(text.length - text.lastIndexOf('\n'));
      }),
    );
  });
});
