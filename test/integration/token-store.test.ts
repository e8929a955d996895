import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createTokenSeal } from '../../src/worker/token/seal.ts';
import { createTokenStore } from '../../src/worker/token/token-store.ts';
import { Secret } from '../../src/shared/secret.ts';
import { freshAppId } from '../helpers/courier.ts';
import { useRedis } from '../helpers/redis.ts';

/* The token that all workers share: who may renew it, and whose answer counts. */

const redis = useRedis();

function storeOf(appId: string) {
  const seal = createTokenSeal({ appId, secret: new Secret('s3cret') }, randomBytes);
  return createTokenStore(redis.client, appId, seal, 'stable_token');
}

const fetched = (token: string) => ({ token, fetchedAt: 1, expiresAt: Date.now() + 7_200_000 });

test('a slow answer never overwrites a newer token', async () => {
  const store = storeOf(freshAppId());
  expect(await store.claim('0', 'slow')).toEqual({ kind: 'claimed' });
  // The slow one's lock ran out, and somebody else was quicker.
  expect(await store.publish(fetched('newer'), '0', 'quick')).toMatchObject({ token: 'newer' });
  expect(await store.publish(fetched('older'), '0', 'slow')).toBeNull();
  expect((await store.read()).current).toMatchObject({ token: 'newer', generation: '1' });
});

test('a failure with an older generation renews nothing', async () => {
  const store = storeOf(freshAppId());
  await store.publish(fetched('first'), '0', 'a');
  await store.publish(fetched('second'), '1', 'a');
  expect(await store.claim('1', 'late')).toEqual({ kind: 'fresh' });
});

test('of a thousand that ask at once one may renew', async () => {
  const store = storeOf(freshAppId());
  const claims = await Promise.all(
    Array.from({ length: 1000 }, (_, at) => store.claim('0', `run-${at}`)),
  );
  expect(claims.filter(({ kind }) => kind === 'claimed')).toHaveLength(1);
  expect(claims.filter(({ kind }) => kind === 'wait')).toHaveLength(999);
});

test('whoever asks while it rests is told so, and for how long', async () => {
  const store = storeOf(freshAppId());
  await store.claim('0', 'holder');
  expect(await store.claim('0', 'other')).toMatchObject({ kind: 'wait' });
  await store.backOff(2000);
  const claim = await store.claim('0', 'other');
  expect(claim.kind).toBe('resting');
  expect('ms' in claim && claim.ms).toBeGreaterThan(1000);
});

describe('a forced refresh', () => {
  const start = Date.parse('2026-11-25T12:00:00Z');
  const SECOND = 1000;

  test('that was made is not made again within a minute, and six times a day at most', async () => {
    const store = storeOf(freshAppId());
    expect(await store.bookForcedRefresh(start)).toBe(true);
    await store.confirmForcedRefresh();
    expect(await store.bookForcedRefresh(start + 59 * SECOND)).toBe(false);
    for (let booked = 1; booked < 6; booked += 1) {
      expect(await store.bookForcedRefresh(start + booked * 60 * SECOND)).toBe(true);
      await store.confirmForcedRefresh();
    }
    expect(await store.bookForcedRefresh(start + 3600 * SECOND)).toBe(false);
  });

  test('that a dead process only booked is made by another once its lock is over', async () => {
    const store = storeOf(freshAppId());
    expect(await store.bookForcedRefresh(start)).toBe(true);
    expect(await store.bookForcedRefresh(start + 4 * SECOND)).toBe(false);
    expect(await store.bookForcedRefresh(start + 5 * SECOND)).toBe(true);
  });
});
