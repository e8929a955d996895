import { type LaneQueue, openLane } from '../shared/lane.ts';
import type { Ledger } from '../shared/ledger/ledger.ts';
import { createRedisLedger } from '../shared/ledger/redis-ledger.ts';
import type { Kind } from '../shared/outcome.ts';
import type { RedisClient } from '../shared/redis.ts';

/** Lanes and ledgers of the accounts that were used so far, opened at first use. */
export interface OpenLanes {
  lane(appId: string, kind: Kind): LaneQueue;
  ledger(appId: string): Ledger;
  close(): Promise<void>;
}

export function openLanes(redis: RedisClient, ledgerTtlMs: number): OpenLanes {
  const lanes = new Map<string, LaneQueue>();
  const ledgers = new Map<string, Ledger>();
  return {
    lane(appId, kind) {
      const name = `${appId}.${kind}`;
      const lane = lanes.get(name) ?? openLane(redis, appId, kind, ignore);
      lanes.set(name, lane);
      return lane;
    },
    ledger(appId) {
      const ledger = ledgers.get(appId) ?? createRedisLedger({ redis, appId, ttlMs: ledgerTtlMs });
      ledgers.set(appId, ledger);
      return ledger;
    },
    async close() {
      await Promise.all([...lanes.values()].map((lane) => lane.close()));
      lanes.clear();
    },
  };
}

/** Trouble with Redis reaches the caller as the rejection of its call. */
function ignore(): void {
  return;
}
