import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { startPrivateRedis } from '../../src/local/private-redis.ts';
import { createSimulator } from '../../src/simulator/build.ts';
import { readScripts } from './script-names.mjs';
import { openSite, type Site } from './site.ts';

/** What all trials share: one Redis with a database for each trial, and one WeChat. */
export interface Stage {
  /** An account, a database and an empty lane of its own. */
  open(): Promise<Site>;
  close(): Promise<void>;
}

const DIST = path.resolve(import.meta.dirname, '../../dist');
const DATABASES = 10_000;

export async function openStage(): Promise<Stage> {
  const dir = await mkdtemp(path.join(tmpdir(), 'courier-crash-'));
  const redis = await startPrivateRedis({
    dir: path.join(dir, 'redis'),
    // This Redis never dies, so what its file costs need not be paid.
    directives: { databases: String(DATABASES), appendfsync: 'no' },
  });
  await loadScripts(redis.url);
  const simulator = createSimulator({ settings: { textPlainRate: 0, legacyHintRate: 0 } });
  const { url: apiBase } = await simulator.start();
  let sites = 0;
  return {
    open() {
      sites += 1;
      if (sites >= DATABASES) throw new Error(`a stage has room for ${DATABASES} trials`);
      return openSite({ simulator, apiBase, redisUrl: redis.url, dir, number: sites });
    },
    async close() {
      await simulator.stop();
      await redis.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** The first process of a fresh Redis would send each script twice, all others once. */
async function loadScripts(url: string): Promise<void> {
  const client = new Redis(url);
  for (const { text } of readScripts(DIST)) await client.script('LOAD', text);
  client.disconnect();
}
