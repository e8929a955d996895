import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { createTokenSeal } from '../../src/worker/token/seal.ts';
import { createTokenStore } from '../../src/worker/token/token-store.ts';
import { Secret } from '../../src/shared/secret.ts';
import { freshAppId } from '../helpers/courier.ts';
import { useRedis } from '../helpers/redis.ts';

/* The token that all workers share: who may renew it, and whose answer counts. */

const redis = useRedis();

function storeOf(appId: string) {
  const seal = createTokenSeal({ appId, secret: new Secret('s3cret') }, randomBytes);
  return createTokenStore(redis.client, appId, seal);
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
