import type { RedisClient } from './redis.ts';

const PATIENCE_MS = 1000;

/** Whether Redis takes a command within a second; false at once while there is no connection. */
export async function answersInTime(redis: RedisClient): Promise<boolean> {
  // A command would be kept until there is one.
  if (redis.status !== 'ready') return false;
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), PATIENCE_MS);
  });
  const ping = redis.ping().then(
    () => true,
    () => false,
  );
  return await Promise.race([ping, tooLate]).finally(() => clearTimeout(timer));
}
