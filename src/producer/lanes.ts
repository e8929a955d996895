import { type LaneQueue, openLane } from '../shared/lane.ts';
import { createIdPatterns, type IdPatterns } from '../shared/ledger/id-patterns.ts';
import type { Ledger, LedgerRecord } from '../shared/ledger/ledger.ts';
import { createRedisLedger, readRecord } from '../shared/ledger/redis-ledger.ts';
import { createSearchIndex, type SearchIndex } from '../shared/ledger/search-index.ts';
import type { Kind } from '../shared/outcome.ts';
import type { RedisClient } from '../shared/redis.ts';

/** Lanes and ledgers of the accounts that were used so far, opened at first use. */
export interface OpenLanes {
  lane(appId: string, kind: Kind): LaneQueue;
  ledger(appId: string): Ledger;
  /** Where the messages of an account are found by what people know of them. */
  index(appId: string): SearchIndex;
  patterns(appId: string): IdPatterns;
  /** Of any account, also one that does not exist: keeps nothing of it. */
  record(appId: string, messageKey: string): Promise<LedgerRecord | null>;
  /** Whether these messages were put aside in this lane: it lists them as failed. */
  areParked(appId: string, kind: Kind, messageKeys: readonly string[]): Promise<boolean[]>;
  close(): Promise<void>;
}

export function openLanes(
  redis: RedisClient,
  settings: {
    readonly ttlMs: number;
    /** Whether new messages are entered into the index. */
    readonly isIndexed: boolean;
    readonly now: () => number;
  },
): OpenLanes {
  const { ttlMs, isIndexed, now } = settings;
  const lanes = new Map<string, LaneQueue>();
  const ledgers = new Map<string, Ledger>();
  const patterns = new Map<string, IdPatterns>();
  const index = (appId: string) => createSearchIndex({ redis, appId, ttlMs, now });
  function lane(appId: string, kind: Kind): LaneQueue {
    const name = `${appId}.${kind}`;
    const known = lanes.get(name) ?? openLane(redis, appId, kind, ignore);
    lanes.set(name, known);
    return known;
  }
  return {
    index,
    lane,
    patterns(appId) {
      const known =
        patterns.get(appId) ?? createIdPatterns({ redis, appId, ttlMs, now, isIndexed });
      patterns.set(appId, known);
      return known;
    },
    record: (appId, messageKey) => readRecord(redis, appId, messageKey),
    ledger(appId) {
      const known = ledgers.get(appId);
      if (known) return known;
      const entered = isIndexed ? index(appId) : undefined;
      const ledger = createRedisLedger({ redis, appId, ttlMs, index: entered });
      ledgers.set(appId, ledger);
      return ledger;
    },
    async areParked(appId, kind, messageKeys) {
      const scores = await redis.zmscore(lane(appId, kind).toKey('failed'), ...messageKeys);
      return scores.map((score) => score !== null);
    },
    async close() {
      await Promise.all([...lanes.values()].map((one) => one.close()));
      lanes.clear();
    },
  };
}

/** Trouble with Redis reaches the caller as the rejection of its call. */
function ignore(): void {
  return;
}
