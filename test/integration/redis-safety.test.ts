import { afterEach, expect, test } from 'vitest';
import type { PrivateRedis } from '../../src/local/private-redis.ts';
import { closeRedis, openRedis, type RedisClient } from '../../src/shared/redis.ts';
import { assertSafeRedis } from '../../src/shared/redis-safety.ts';
import { startTestRedis } from '../helpers/redis.ts';

/* A Redis that would lose messages is refused before the first one is in it. */

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function connected(
  options: Parameters<typeof startTestRedis>[0],
): Promise<{ redis: RedisClient; server: PrivateRedis }> {
  const server = await startTestRedis(options);
  cleanups.push(() => server.stop());
  const redis = openRedis(server.url, 'worker', () => undefined);
  cleanups.push(() => closeRedis(redis));
  return { redis, server };
}

const check = (redis: RedisClient, allowVolatile = false, now = Date.now): Promise<void> =>
  assertSafeRedis(redis, { allowVolatile, now });

test('one that keeps everything is taken', async () => {
  const { redis } = await connected({});
  await expect(check(redis)).resolves.toBeUndefined();
});

test.each(['allkeys-lru', 'volatile-ttl', 'allkeys-random'])(
  'one that evicts (%s) is refused with the remedy, even where volatility is allowed',
  async (maxmemoryPolicy) => {
    const { redis } = await connected({ maxmemoryPolicy });
    await expect(check(redis, true)).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      message: expect.stringMatching(/maxmemory-policy noeviction/),
    });
  },
);

test('one without an append-only file is refused, unless that is allowed', async () => {
  const { redis } = await connected({ appendonly: false });
  await expect(check(redis)).rejects.toMatchObject({
    code: 'ERR_CONFIG',
    message: expect.stringMatching(/appendonly yes.*COURIER_ALLOW_VOLATILE_REDIS=1/),
  });
  await expect(check(redis, true)).resolves.toBeUndefined();
});

test('a clock that is an hour off is refused, in either direction; a second is not', async () => {
  const { redis } = await connected({});
  for (const off of [-3_600_000, 3_600_000, -2_500, 2_500]) {
    await expect(check(redis, false, () => Date.now() + off)).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      message: expect.stringMatching(/^Clock: /),
    });
  }
  for (const off of [-1_000, 0, 1_000]) {
    await expect(check(redis, false, () => Date.now() + off)).resolves.toBeUndefined();
  }
});

test('every refusal is one line without a password', async () => {
  const { redis, server } = await connected({ appendonly: false });
  const error = await check(redis).catch((reason: unknown) => reason);
  const text = error instanceof Error ? error.message : '';
  expect(text).not.toContain('\n');
  expect(text).not.toContain(new URL(server.url).password);
});
