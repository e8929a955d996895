import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startPrivateRedis } from '../src/local/private-redis.ts';

/**
 * Runs one round on a Redis that has nothing in it: append-only file on as in production, but
 * not rewritten in the middle of a round, which would hit one side only.
 */
export async function onFreshRedis<Result>(
  round: (redisUrl: string, dir: string) => Promise<Result>,
): Promise<Result> {
  const dir = await mkdtemp(path.join(tmpdir(), 'courier-bench-'));
  const removeAtExit = () => rmSync(dir, { recursive: true, force: true });
  process.once('exit', removeAtExit);
  const redis = await startPrivateRedis({
    dir,
    persistent: false,
    directives: { 'auto-aof-rewrite-percentage': '0' },
  });
  try {
    return await round(redis.url, dir);
  } finally {
    await redis.stop();
    process.off('exit', removeAtExit);
  }
}
