import { Cluster } from 'ioredis';
import { laneName, lanePrefix } from './keys.ts';
import type { Kind } from './outcome.ts';
import type { RedisClient } from './redis.ts';

/** The workers of one lane. */
export interface LaneWorkers {
  readonly count: number;
  /** For how long the first of them has been there, ms. */
  readonly forMs: number;
}

/** How many workers serve each lane, by the connections that wait for its messages. */
export interface WorkerCounts {
  of(appId: string, kind: Kind): LaneWorkers;
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

const NONE: LaneWorkers = { count: 0, forMs: 0 };

/** A worker of BullMQ names its connection after prefix and queue. */
export function parseClientLists(lists: readonly string[]): WorkerCounts {
  const byName = new Map<string, LaneWorkers>();
  const connections = lists.join('\n').matchAll(/ name=(courier:\S+) age=(\d+)/g);
  for (const [, name = '', seconds] of connections) {
    const { count, forMs } = byName.get(name) ?? NONE;
    byName.set(name, { count: count + 1, forMs: Math.max(forMs, Number(seconds) * 1000) });
  }
  return {
    of: (appId, kind) => {
      const queue = Buffer.from(laneName(appId, kind)).toString('base64');
      return byName.get(`${lanePrefix(appId)}:${queue}`) ?? NONE;
    },
    most: Math.max(0, ...Array.from(byName.values(), ({ count }) => count)),
  };
}
