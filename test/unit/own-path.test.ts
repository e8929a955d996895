import { expect, test } from 'vitest';
import { ownPath } from '../../src/dashboard/own-path.ts';

test.each([
  '/',
  '/unknown',
  '/message?q=order-1002-paid',
  '/message?q=wx0123456789abcdef.0123456789abcdefghij012345',
  '/dead-letters?appId=wx0123456789abcdef&errcode=40037',
  '/board/queue/dead-letter?status=failed',
  '/%2F%2Fevil.example',
  '/%5Cevil.example',
])('%s is a page to come back to', (path) => {
  expect(ownPath(path)).toBe(path);
});

test.each([
  '//evil.example',
  '///evil.example',
  '/\\evil.example',
  '\\\\evil.example',
  '/\t/evil.example',
  '/\n/evil.example',
  ' //evil.example',
  '/.//evil.example',
  '/x/..//evil.example',
  '/%2e//evil.example',
  'https://evil.example/',
  'https:evil.example',
  'javascript:alert(1)',
  'evil.example',
  '',
  '/login?next=/login',
  '/logout',
  '/language',
  '/x/../language',
  `/${'a'.repeat(3000)}`,
  ['/unknown', '/unknown'],
  undefined,
])('%j leads to the overview instead', (given) => {
  expect(ownPath(given)).toBe('/');
});

test('an openid is in no address that one comes back to', () => {
  const openid = 'oABCDEFGHIJKLMNOPQRSTUVWXYZ0';
  expect(ownPath(`/message?q=${openid}`)).toBe('/message');
  expect(ownPath(`/message?q=%6f${openid.slice(1)}`)).toBe('/message');
  expect(ownPath(`/message?q=${openid}x`)).toBe('/message');
  expect(ownPath(`/accounts/${openid}`)).toBe('/');
});
