import { readFileSync } from 'node:fs';

/** Where `npm start` keeps the data, and the address, of its private Redis. */
const PRIVATE_REDIS = './data/redis.json';

/**
 * The Redis to talk to: `REDIS_URL`, else the private one that runs in this folder, else
 * undefined for the default.
 */
export function redisAddress(env: NodeJS.ProcessEnv): string | undefined {
  return env['REDIS_URL'] || runningPrivateRedis(PRIVATE_REDIS);
}

function runningPrivateRedis(file: string): string | undefined {
  try {
    const { url, pid } = JSON.parse(readFileSync(file, 'utf8')) as { url: string; pid: number };
    // Signal 0 only asks whether the process is there.
    return process.kill(pid, 0) ? url : undefined;
  } catch {
    return undefined;
  }
}
