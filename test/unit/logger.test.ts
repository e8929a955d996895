import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyText } from '../helpers/any-text.ts';
import { scrub } from '../../src/shared/logger.ts';
import { maskOpenid, maskOpenids } from '../../src/shared/openid.ts';
import { Secret } from '../../src/shared/secret.ts';

describe('a line never shows', () => {
  test.each([
    ['a token in a query', 'POST /send?access_token=CANARY_123&x=1'],
    ['a secret in a query', 'GET /token?appid=wx1&secret=CANARY_123'],
    ['a field of JSON', '{"access_token":"CANARY_123","expires_in":7200}'],
    ['a field of escaped JSON', '{"detail":"{\\"access_token\\":\\"CANARY_123\\"}"}'],
    ['a bearer header', 'authorization: Bearer CANARY_123'],
    ['an app secret', '{"appsecret": "CANARY_123"}'],
    ['an AES key', '"encodingAesKey":"CANARY_123"'],
    ['the password of Redis', 'connect redis://:CANARY_123@127.0.0.1:6379/0 refused'],
    ['the password of a user of Redis', 'rediss://bob:CANARY_123@h:6379'],
    ['the password of a cluster', 'redis+cluster://bob:CANARY_123@a:1,b:2'],
    ['a password in other case', 'PASSWORD=CANARY_123'],
  ])('%s', (_what, line) => {
    expect(scrub(line)).not.toContain('CANARY_123');
  });

  test('and stays the line it was otherwise', () => {
    const line = '{"level":"info","msg":"delivery","errcode":40001,"tokenGeneration":"3"}\n';
    expect(scrub(line)).toBe(line);
  });

  test('and stays JSON', () => {
    const value = { access_token: 'abcdefgh', url: 'redis://u:password@h', n: 1 };
    expect(JSON.parse(scrub(JSON.stringify(value)))).toMatchObject({ n: 1 });
  });

  test('and is scrubbed without trouble, whatever is in it', () => {
    fc.assert(
      fc.property(anyText(2_000), (text) => {
        expect(typeof scrub(text)).toBe('string');
      }),
    );
  });
});

test('an openid is recognisable and not usable', () => {
  expect(maskOpenid('oABCDEFGHIJKLMNOPQRSTUVWXYZ1')).toBe('oABCD…XYZ1');
  expect(maskOpenid('short')).toBe('***');
});

test.each([
  ['/accounts/oABCDEFGHIJKLMNOPQRSTUVWXYZ1/pause', '/accounts/oABCD…XYZ1/pause'],
  ['oABCDEFGHIJKLMNOPQRSTUVWXYZ1 oABCDEFGHIJKLMNOPQRSTUVWXYZ2', 'oABCD…XYZ1 oABCD…XYZ2'],
  ['order-1001-oAbCdEfGhIjKlMnOpQrStUvWxYz1', 'order-1001-oAbCd…xYz1'],
  ['oAbCdEfGhIjKlMnOpQrStUvWxYz1-paid', 'oAbCd…xYz1-paid'],
  ['order-550e8400-e29b-41d4-a716-446655440000', undefined],
  ['order-20261128-wx-shop-00017-paid', undefined],
  ['wx0123456789abcdef.3kehqc3oz4uisbr6fblec7orpx', undefined],
  ['dead-letter/o3kehqc3oz4uisbr6fblec7orp/retry', undefined],
  ['ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY', undefined],
])('of %s only openids are masked', (text, masked = text) => {
  expect(maskOpenids(text)).toBe(masked);
});

test('a secret hides itself wherever it is printed', () => {
  const secret = new Secret('CANARY_123');
  const shown = [String(secret), JSON.stringify({ secret }), inspect({ secret })];
  expect(shown.join()).not.toContain('CANARY_123');
  expect(Object.keys(secret)).toEqual([]);
  expect(secret.reveal()).toBe('CANARY_123');
  expect(secret.equals(new Secret('CANARY_123'))).toBe(true);
  expect(secret.equals(new Secret('other'))).toBe(false);
});
