import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { RedisClient } from './redis.ts';

/** A Lua script kept in a file beside the module that owns it. */
export interface RedisScript {
  run(
    redis: RedisClient,
    keys: readonly string[],
    args: readonly (string | number | Buffer)[],
  ): Promise<unknown>;
}

/**
 * A script for rare use that must travel in a single command: its text is sent every time, so
 * that no second step is needed when Redis does not know it yet.
 */
export function loadPlainScript(file: URL): RedisScript {
  const text = readFileSync(file, 'utf8');
  return { run: (redis, keys, args) => redis.eval(text, keys.length, ...keys, ...args) };
}

/**
 * Reads a script once; runs it by its hash and sends the text only when Redis does not know
 * it (first use, restart, `SCRIPT FLUSH`).
 */
export function loadScript(file: URL): RedisScript {
  const text = readFileSync(file, 'utf8');
  const sha = createHash('sha1').update(text).digest('hex');
  return {
    async run(redis, keys, args) {
      try {
        return await redis.evalsha(sha, keys.length, ...keys, ...args);
      } catch (error) {
        if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
        return await redis.eval(text, keys.length, ...keys, ...args);
      }
    },
  };
}
