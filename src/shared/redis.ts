import { type ChainableCommander, Cluster, Redis, type RedisOptions } from 'ioredis';
import { parseRedisUrl } from './redis-url.ts';

/** A connection to one Redis, a Sentinel group or a Cluster. */
export type RedisClient = Redis | Cluster;

/**
 * How a role wants its connection to behave while Redis is away.
 *
 * - `producer` fails fast: nothing is queued in memory or sent again behind the caller's back.
 * - `worker` waits for as long as it takes; BullMQ asks for exactly this.
 */
export type RedisRole = 'producer' | 'worker';

/** The options both a single node and the nodes of a cluster understand. */
type NodeOptions = Pick<
  RedisOptions,
  | 'autoResendUnfulfilledCommands'
  | 'commandTimeout'
  | 'connectTimeout'
  | 'disconnectTimeout'
  | 'keepAlive'
  | 'maxLoadingRetryTime'
  | 'maxRetriesPerRequest'
  | 'password'
  | 'reconnectOnError'
  | 'tls'
  | 'username'
>;

const ROLE_OPTIONS: Record<RedisRole, NodeOptions & { enableOfflineQueue: boolean }> = {
  producer: {
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: 2000,
  },
  worker: { enableOfflineQueue: true, maxRetriesPerRequest: null },
};

/** Opens a connection for a role. Errors go to `onError`; ioredis reconnects by itself. */
export function openRedis(
  url: string,
  role: RedisRole,
  onError: (error: Error) => void,
): RedisClient {
  const client = createClient(url, ROLE_OPTIONS[role]);
  // Every call that waits for a connection listens for it; there may be many at once.
  client.setMaxListeners(0);
  client.on('error', onError);
  return client;
}

/** Sends a pipeline. @throws the error of the first command that failed */
export async function repliesOf(pipeline: ChainableCommander): Promise<unknown[]> {
  const replies = await pipeline.exec();
  return (replies ?? []).map(([error, reply]) => {
    if (error) throw error;
    return reply;
  });
}

/** Never longer than two seconds, so that work resumes soon after Redis is back. */
function retryDelay(times: number): number {
  return Math.min(times * 100, 2000);
}

/** How often a Redis that loads its file is asked whether it is there. */
const LOADING_LOOK_MS = 200;

function createClient(url: string, role: (typeof ROLE_OPTIONS)[RedisRole]): RedisClient {
  const target = parseRedisUrl(url);
  const { enableOfflineQueue, ...nodeOptions } = role;
  const node: NodeOptions = {
    ...nodeOptions,
    connectTimeout: 2000,
    // While it loads its file Redis estimates how long that takes, at first far too long; ioredis
    // would believe it and not look again for up to 10 s.
    maxLoadingRetryTime: LOADING_LOOK_MS,
    // ioredis keeps the process up so long after closing a connection that never was one.
    disconnectTimeout: 200,
    keepAlive: 10_000,
    // A replica after a failover answers READONLY on the old socket: reconnect and resend.
    reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 2 : false),
    ...(target.username !== undefined && { username: target.username }),
    ...(target.password !== undefined && { password: target.password.reveal() }),
    ...(target.tls && { tls: {} }),
  };
  if (target.kind === 'cluster') {
    return new Cluster([...target.nodes], {
      redisOptions: node,
      enableOfflineQueue,
      clusterRetryStrategy: retryDelay,
    });
  }
  const address =
    target.kind === 'single'
      ? { host: target.host, port: target.port }
      : { sentinels: [...target.nodes], name: target.name, sentinelRetryStrategy: retryDelay };
  return new Redis({
    ...node,
    ...address,
    db: target.db,
    enableOfflineQueue,
    retryStrategy: retryDelay,
  });
}

/**
 * Resolves once the connection takes commands.
 * @throws Error after `timeoutMs`; a producer turns that into `ERR_QUEUE_UNAVAILABLE`.
 */
export function waitUntilReady(redis: RedisClient, timeoutMs: number): Promise<void> {
  if (redis.status === 'ready') return Promise.resolve();
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      redis.off('ready', ready);
      reject(new Error(`Redis was not reachable within ${timeoutMs} ms`));
    }, timeoutMs);
    function ready(): void {
      clearTimeout(timer);
      resolve();
    }
    redis.once('ready', ready);
  });
}

/** Closes without waiting for a server that may never answer. */
export async function closeRedis(redis: RedisClient): Promise<void> {
  if (redis.status !== 'ready') return redis.disconnect();
  await Promise.race([
    redis.quit().then(
      () => undefined,
      () => undefined,
    ),
    new Promise<void>((resolve) => setTimeout(resolve, 1000).unref()),
  ]);
  redis.disconnect();
}
