import { rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createProducer, type Producer } from '../../src/producer/index.ts';
import { type LaneQueue, openLane } from '../../src/shared/lane.ts';
import { type Kind, KINDS } from '../../src/shared/outcome.ts';
import { openRedis, type RedisClient } from '../../src/shared/redis.ts';
import { createFleet, type Fleet } from '../chaos/fleet.ts';
import { startWechat, type Wechat } from '../chaos/wechat.ts';
import { createRestartableRedis, type RestartableRedis } from '../helpers/restartable-redis.ts';
import { appIdOf } from './messages.ts';
import { openTakings, type Takings } from './takings.ts';

/** Far above any traffic here, so that no limit hides a mistake. */
const UNLIMITED = 1_000_000_000;
export const SEND_PATHS: Readonly<Record<Kind, string>> = {
  template: '/cgi-bin/message/template/send',
  custom: '/cgi-bin/message/custom/send',
};
export const TOKEN_PATH = '/cgi-bin/stable_token';
/** What must never be seen anywhere. */
export const SECRET = 'measure-secret-5f3a9c0e7b1d2468';

/** Accounts, their WeChat, a Redis and a producer; workers are started by the measure. */
export interface Scene {
  readonly dir: string;
  readonly redisUrl: string;
  /** A connection that waits for a Redis that is away. */
  readonly admin: RedisClient;
  readonly wechat: Wechat;
  readonly takings: Takings;
  readonly appIds: readonly string[];
  readonly producer: Producer;
  lane(appId: string, kind: Kind): LaneQueue;
  /** Starts workers with production settings; they stop with the scene. */
  fleet(options: FleetChoice): Promise<Fleet>;
  close(): Promise<void>;
}

export interface FleetChoice {
  readonly size: number;
  /** The accounts they work for. Default all. */
  readonly appIds?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface SceneOptions {
  /** Default 1. */
  readonly accounts?: number;
  /** Sends a second of each lane. Default 2,000. */
  readonly perSecond?: number;
  /** Of WeChat's answers: milliseconds, or median and 99th percentile. Default `0`. */
  readonly latency?: string;
  /** The Redis to use; it is removed with the scene. Default one of its own. */
  readonly redis?: Pick<RestartableRedis, 'url' | 'remove'>;
}

export async function openScene(options: SceneOptions = {}): Promise<Scene> {
  const dir = await mkdtemp(path.join(tmpdir(), 'courier-measure-'));
  const removeAtExit = (): void => rmSync(dir, { recursive: true, force: true });
  process.once('exit', removeAtExit);
  const redis = options.redis ?? (await startedRedis());
  const wechat = await startWechat({ latency: options.latency ?? '0' });
  const appIds = Array.from({ length: options.accounts ?? 1 }, (_, number) => appIdOf(number));
  const quotas = Object.values(SEND_PATHS).map((each) => ({ path: each, daily: UNLIMITED }));
  const accounts = appIds.map((appId) => ({ appId, secret: SECRET, quotas }));
  await wechat.control('POST', 'accounts', { accounts });
  const admin = openRedis(redis.url, 'worker', () => undefined);
  const lanes = new Map<string, LaneQueue>();
  const fleets: Fleet[] = [];
  const producer = createProducer({
    redisUrl: redis.url,
    accounts: appIds.map((appId) => ({ appId })),
  });

  return {
    dir,
    redisUrl: redis.url,
    admin,
    wechat,
    takings: openTakings(wechat),
    appIds,
    producer,
    lane(appId, kind) {
      const name = `${appId}.${kind}`;
      const lane = lanes.get(name) ?? openLane(admin, appId, kind, () => undefined);
      lanes.set(name, lane);
      return lane;
    },
    async fleet({ size, appIds: served = appIds, env = {} }) {
      const home = await mkdtemp(path.join(dir, 'fleet-'));
      const file = path.join(home, 'accounts.json');
      await writeFile(file, accountsJson(served, wechat.url, options.perSecond ?? 2000));
      const fleet = createFleet({
        size,
        dir: home,
        env: () => ({
          REDIS_URL: redis.url,
          COURIER_ACCOUNTS_FILE: file,
          COURIER_METRICS_PORT: '0',
          ...env,
        }),
      });
      fleets.push(fleet);
      await fleet.start();
      return fleet;
    },
    async close() {
      await Promise.all(fleets.map((fleet) => fleet.stop()));
      await producer.close();
      await Promise.all([...lanes.values()].map((lane) => lane.close()));
      admin.disconnect();
      await Promise.all([redis.remove(), wechat.stop()]);
      process.off('exit', removeAtExit);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Both kinds of every account of a scene. */
export function lanesOf(scene: Scene): LaneQueue[] {
  return scene.appIds.flatMap((appId) => KINDS.map((kind) => scene.lane(appId, kind)));
}

/**
 * A Redis as most have it: with an append-only file, synced every second. One that is to be
 * killed wants `always` or `no`: with `everysec` what the disk was slow to take is lost with it.
 */
export async function startedRedis(
  appendfsync: 'everysec' | 'always' | 'no' = 'everysec',
): Promise<RestartableRedis> {
  const redis = await createRestartableRedis({ appendfsync });
  await redis.start();
  return redis;
}

function accountsJson(appIds: readonly string[], apiBase: string, perSecond: number): string {
  const rate = { template: { perSecond }, custom: { perSecond } };
  return JSON.stringify({
    accounts: appIds.map((appId) => ({ appId, secret: SECRET, apiBase, rate })),
  });
}
