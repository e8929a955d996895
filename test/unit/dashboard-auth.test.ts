import { describe, expect, it, test } from 'vitest';
import { createLockout } from '../../src/dashboard/auth/lockout.ts';
import { networkOf } from '../../src/dashboard/auth/network.ts';
import { isSameOrigin } from '../../src/dashboard/auth/same-origin.ts';
import { createSessions } from '../../src/dashboard/auth/sessions.ts';
import { isPasswordOf, newUser, NOBODY } from '../../src/dashboard/users/user.ts';

const MINUTE = 60_000;

describe('lockout', () => {
  const who = { address: '10.0.0.1', name: 'li.na' };

  it('leaves five mistakes free, then waits twice as long each time, at most 15 minutes', () => {
    let now = 0;
    const lockout = createLockout(() => now);
    const waits = Array.from({ length: 12 }, () => {
      lockout.failed(who);
      const wait = lockout.waitMs(who);
      now += wait;
      return wait / 1000;
    });
    expect(waits).toEqual([0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900]);
  });

  it('locks the name for the address that guesses, and nobody else', () => {
    const lockout = createLockout(() => 0);
    for (let n = 0; n < 10; n += 1) lockout.failed(who);
    expect(lockout.waitMs(who)).toBeGreaterThan(0);
    expect(lockout.waitMs({ ...who, address: '10.0.0.2' })).toBe(0);
    expect(lockout.waitMs({ ...who, name: 'han.mei' })).toBe(0);
  });

  it('locks an address that tries many names', () => {
    const lockout = createLockout(() => 0);
    for (let n = 0; n < 25; n += 1) lockout.failed({ ...who, name: `name-${n}` });
    expect(lockout.waitMs(who)).toBe(30_000);
  });

  it('locks all addresses of a guesser who has a network of IPv6, and no other network', () => {
    const lockout = createLockout(() => 0);
    for (let n = 0; n < 5; n += 1) lockout.failed({ ...who, address: `2001:db8:0:7::${n}` });
    expect(lockout.waitMs({ ...who, address: '2001:db8:0:7:ffff::1' })).toBe(30_000);
    expect(lockout.waitMs({ ...who, address: '2001:db8:0:8::1' })).toBe(0);
  });

  it('lets nobody try twice at once from two addresses of one network', async () => {
    const lockout = createLockout(() => 0);
    const order: string[] = [];
    const first = lockout.inTurn('2001:db8::1', async () => {
      await Promise.resolve();
      order.push('first');
    });
    const second = lockout.inTurn('2001:db8::2', async () => void order.push('second'));
    await Promise.all([first, second]);
    expect(order).toEqual(['first', 'second']);
  });

  it('forgets after a success, and after an hour', () => {
    let now = 0;
    const lockout = createLockout(() => now);
    for (let n = 0; n < 4; n += 1) lockout.failed(who);
    lockout.succeeded(who);
    lockout.failed(who);
    expect(lockout.waitMs(who)).toBe(0);
    for (let n = 0; n < 9; n += 1) lockout.failed(who);
    now += 61 * MINUTE;
    lockout.failed(who);
    expect(lockout.waitMs(who)).toBe(0);
  });
});

test.each([
  ['203.0.113.9', '203.0.113.9'],
  ['::ffff:203.0.113.9', '203.0.113.9'],
  ['::FFFF:cb00:7109', '203.0.113.9'],
  ['2001:db8:0:7:1:2:3:4', '2001:db8:0:7::/64'],
  ['2001:0DB8:0000:0007::', '2001:db8:0:7::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['::', '0:0:0:0::/64'],
  ['1::', '1:0:0:0::/64'],
  ['', ''],
  ['not an address', 'not an address'],
])('guesses from %s count for %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});

describe('sessions', () => {
  const user = { name: 'li.na', hash: 'of-a-password' };

  it('end an hour after the last request, and twelve hours after the login in any case', () => {
    let now = 0;
    const sessions = createSessions(() => now);
    const cookie = sessions.open(user);
    for (let minutes = 50; minutes <= 12 * 60; minutes += 50) {
      now = minutes * MINUTE;
      expect(sessions.find(cookie, 'person')).toEqual(user);
    }
    now = 12 * 60 * MINUTE + 1;
    expect(sessions.find(cookie, 'person')).toBeNull();
    const idle = sessions.open(user);
    now += 61 * MINUTE;
    expect(sessions.find(idle, 'person')).toBeNull();
  });

  it('are not kept alive by what a page asks for by itself', () => {
    let now = 0;
    const sessions = createSessions(() => now);
    const cookie = sessions.open(user);
    for (now = 0; now <= 60 * MINUTE; now += MINUTE / 2) {
      expect(sessions.find(cookie, 'program')).toEqual(user);
    }
    expect(sessions.find(cookie, 'program')).toBeNull();
    expect(sessions.find(cookie, 'person')).toBeNull();
  });

  it('are never two of one cookie, and none for a cookie nobody got', () => {
    const sessions = createSessions(() => 0);
    const [first, second] = [sessions.open(user), sessions.open(user)];
    expect(first).not.toBe(second);
    sessions.close(first);
    expect([first, second, ''].map((cookie) => sessions.find(cookie, 'person'))).toEqual([
      null,
      user,
      null,
    ]);
  });
});

test.each([
  [{ host: 'a:1', origin: 'http://a:1' }, true],
  [{ host: 'A:1', origin: 'http://a:1' }, true],
  [{ host: 'a', origin: 'https://a' }, true],
  [{ host: 'a', 'sec-fetch-site': 'same-origin' }, true],
  [{ host: 'a', origin: 'null', 'sec-fetch-site': 'same-origin' }, true],
  [{ host: 'a', origin: 'null', 'sec-fetch-site': 'cross-site' }, false],
  [{ host: 'a', origin: 'https://a', 'sec-fetch-site': 'same-origin' }, true],
  [{ host: 'a' }, false],
  [{ host: 'a', origin: 'null' }, false],
  [{ host: 'a', origin: '' }, false],
  [{ host: 'a', origin: 'https://a.evil.example' }, false],
  [{ host: 'a:1', origin: 'http://a:2' }, false],
  [{ origin: 'http://a' }, false],
  [{ host: 'a', origin: 'https://a', 'sec-fetch-site': 'same-site' }, false],
  [{ host: 'a', origin: 'https://a', 'sec-fetch-site': 'none' }, false],
  [{ host: 'inner:8082', origin: 'https://a', 'sec-fetch-site': 'same-origin' }, true],
  [{ host: 'inner:8082', origin: 'https://a', 'sec-fetch-site': 'same-site' }, false],
  [{ host: 'inner:8082', origin: 'https://a', 'sec-fetch-site': 'cross-site' }, false],
  [
    { host: 'inner:8082', origin: 'https://a', 'sec-fetch-site': ['same-origin', 'same-origin'] },
    false,
  ],
  [{ host: 'inner:8082', origin: 'https://a' }, false],
])('a change with %j comes from a page of ours: %s', (headers, expected) => {
  expect(isSameOrigin(headers)).toBe(expected);
});

test('a password is known by its hash alone, and two hashes of one differ', async () => {
  const who = { name: 'li.na', role: 'viewer' } as const;
  const [user, again] = await Promise.all([
    newUser(who, 'a password, long', () => 0),
    newUser(who, 'a password, long', () => 0),
  ]);
  expect(JSON.stringify(user)).not.toContain('a password');
  expect(user.hash).not.toBe(again.hash);
  expect(await isPasswordOf(user, 'a password, long')).toBe(true);
  expect(await isPasswordOf(user, 'a password, lonG')).toBe(false);
  expect(await isPasswordOf(NOBODY, '')).toBe(false);
});
