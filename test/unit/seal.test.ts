import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyText } from '../helpers/any-text.ts';
import { Secret } from '../../src/shared/secret.ts';
import { createTokenSeal } from '../../src/worker/token/seal.ts';

const account = (appId: string, secret: string) => ({ appId, secret: new Secret(secret) });
const seal = createTokenSeal(account('wx1', 'secret-1'), randomBytes);

test('a sealed token opens with the same account, also in another process', () => {
  const other = createTokenSeal(account('wx1', 'secret-1'), randomBytes);
  fc.assert(
    fc.property(anyText(600), (token) => {
      expect(other.open(seal.seal(token))).toBe(Buffer.from(token).toString('utf8'));
    }),
  );
});

test.each([
  ['another secret', createTokenSeal(account('wx1', 'secret-2'), randomBytes)],
  [
    'another account with the same secret',
    createTokenSeal(account('wx2', 'secret-1'), randomBytes),
  ],
])('%s cannot open it', (_whose, other) => {
  expect(other.open(seal.seal('a token'))).toBeNull();
});

test('the same token never looks the same twice, and shows nothing of itself', () => {
  const token = 'CANARY_TOKEN_0123456789';
  const sealed = new Set(Array.from({ length: 20 }, () => seal.seal(token)));
  expect(sealed.size).toBe(20);
  for (const text of sealed) {
    expect(text).not.toContain('CANARY');
    expect(Buffer.from(text, 'base64').toString('latin1')).not.toContain('CANARY');
  }
});

test('a changed byte anywhere makes it unreadable, never another token', () => {
  const bytes = Buffer.from(seal.seal('a token of some length'), 'base64');
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = Buffer.from(bytes);
    changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
    expect(seal.open(changed.toString('base64'))).toBeNull();
  }
});

test('anything else is no token, and no reason to throw', () => {
  fc.assert(
    fc.property(anyText(100), (text) => {
      expect(seal.open(text)).toBeNull();
    }),
  );
});

test('a seal cut short, down to a tag of a few bytes, is refused', () => {
  const bytes = Buffer.from(seal.seal('t'), 'base64');
  for (let length = 0; length < bytes.length; length += 1) {
    expect(seal.open(bytes.subarray(0, length).toString('base64'))).toBeNull();
  }
});
