import type { RedisClient } from '../../src/shared/redis.ts';

/** Commands that Redis executed so far, by name; those inside scripts too. */
export async function commandsSoFar(redis: RedisClient): Promise<ReadonlyMap<string, number>> {
  const info = await redis.info('commandstats');
  const lines = info.matchAll(/cmdstat_(?<name>[^:]+):calls=(?<calls>\d+)/g);
  return new Map(
    [...lines].map(({ groups }) => [groups?.['name'] ?? '', Number(groups?.['calls'])]),
  );
}

/** How often each command was executed while `work` went on. */
export async function commandsDuring(
  redis: RedisClient,
  work: () => Promise<unknown>,
): Promise<Readonly<Record<string, number>>> {
  const before = await commandsSoFar(redis);
  await work();
  const after = await commandsSoFar(redis);
  const grown = [...after].map(([name, calls]) => [name, calls - (before.get(name) ?? 0)] as const);
  return Object.fromEntries(grown.filter(([, calls]) => calls > 0));
}
