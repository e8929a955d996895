import { Cluster } from 'ioredis';
import { laneName, lanePrefix } from './keys.ts';
import type { Kind } from './outcome.ts';
import type { RedisClient } from './redis.ts';

/** How many workers serve each lane, by the connections that wait for its messages. */
export interface WorkerCounts {
  of(appId: string, kind: Kind): number;
  /** Of the lane that has most: each worker process serves all lanes that it knows. */
  readonly most: number;
}

/** Null where Redis does not say: some clouds forbid `CLIENT LIST`. */
export async function workerCounts(redis: RedisClient): Promise<WorkerCounts | null> {
  const nodes = redis instanceof Cluster ? redis.nodes('master') : [redis];
  try {
    const lists = await Promise.all(nodes.map((node) => node.client('LIST')));
    return parseClientLists(lists.map(String));
  } catch {
    return null;
  }
}

/** A worker of BullMQ names its connection after prefix and queue. */
export function parseClientLists(lists: readonly string[]): WorkerCounts {
  const byName = new Map<string, number>();
  for (const [, name = ''] of lists.join('\n').matchAll(/ name=(courier:\S+)/g)) {
    byName.set(name, (byName.get(name) ?? 0) + 1);
  }
  return {
    of: (appId, kind) => {
      const queue = Buffer.from(laneName(appId, kind)).toString('base64');
      return byName.get(`${lanePrefix(appId)}:${queue}`) ?? 0;
    },
    most: Math.max(0, ...byName.values()),
  };
}
