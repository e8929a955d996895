import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll } from 'vitest';
import {
  startPrivateRedis,
  type PrivateRedis,
  type PrivateRedisOptions,
} from '../../src/local/private-redis.ts';

type TestRedisOptions = Partial<PrivateRedisOptions>;

/** A private Redis in a folder of its own under the temp folder; `stop` removes that too. */
export async function startTestRedis(options: TestRedisOptions = {}): Promise<PrivateRedis> {
  const dir = await mkdtemp(path.join(tmpdir(), 'courier-redis-'));
  return startPrivateRedis({ dir, persistent: false, ...options });
}

export interface FileRedis {
  readonly url: string;
  readonly server: PrivateRedis;
  /** A connection for looking and planting; closed after the file. */
  readonly client: Redis;
}

/**
 * One Redis for a test file. Call it at the top of the file or of a `describe`; what it returns
 * is filled in before the first test. Tests keep apart by using an appId of their own.
 */
export function useRedis(options: TestRedisOptions = {}): FileRedis {
  let server: PrivateRedis | undefined;
  let client: Redis | undefined;
  beforeAll(async () => {
    server = await startTestRedis(options);
    client = new Redis(server.url, { maxRetriesPerRequest: null });
  });
  afterAll(async () => {
    client?.disconnect();
    await server?.stop();
  });
  return {
    get url() {
      return running(server).url;
    },
    get server() {
      return running(server);
    },
    get client() {
      return running(client);
    },
  };
}

function running<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('useRedis(): ask for it inside a test or a hook');
  return value;
}
