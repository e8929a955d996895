import { setTimeout as delay } from 'node:timers/promises';
import type { Producer } from '../../src/producer/index.ts';
import { type Order, orderOf } from './messages.ts';

/** A steady stream of messages, as services would send them. */
export interface Load {
  /** By recipient. */
  readonly acknowledged: ReadonlyMap<string, Receipt>;
  /** How often a call said `ERR_QUEUE_UNAVAILABLE`; each was repeated with the same id. */
  readonly doubts: number;
  /** Codes of refusals for good: a fault of the measure. */
  readonly refused: readonly string[];
  /** Stops adding and resolves once everything in doubt is acknowledged. */
  stop(): Promise<void>;
}

export interface Receipt {
  readonly messageId: string;
  /** When the call that was acknowledged began, epoch ms. */
  readonly calledAt: number;
}

export interface LoadOptions {
  readonly producer: Producer;
  readonly appIds: readonly string[];
  /** Messages a second of all accounts together. */
  readonly perSecond: number;
  /** Every so manieth is a customer-service message; 0 none. Default 4. */
  readonly customEvery?: number;
  /** The first number to use. Default 0. */
  readonly from?: number;
}

const TICK_MS = 50;
const LARGEST_CALL = 200;
/** A Redis that is away for good must end the measure. */
const PATIENCE_MS = 120_000;

export function startLoad(options: LoadOptions): Load {
  const { producer, perSecond } = options;
  const acknowledged = new Map<string, Receipt>();
  const refused: string[] = [];
  const started = performance.now();
  let doubts = 0;
  let stopping = false;
  let next = 0;

  async function handOver(orders: readonly Order[]): Promise<Order[]> {
    const calledAt = Date.now();
    const results = await producer.enqueueMany(orders.map(({ envelope }) => envelope));
    return orders.filter(({ openid }, position) => {
      const result = results[position];
      if (!result) throw new Error('enqueueMany: expected a result for each envelope');
      if (result.status !== 'rejected') {
        acknowledged.set(openid, { messageId: result.messageId, calledAt });
        return false;
      }
      if (result.code === 'ERR_QUEUE_UNAVAILABLE') return true;
      refused.push(result.code);
      return false;
    });
  }

  async function run(): Promise<void> {
    let doubtful: Order[] = [];
    let lastGood = started;
    while (!stopping || doubtful.length > 0) {
      const now = performance.now();
      const due = stopping ? next : Math.floor(((now - started) / 1000) * perSecond);
      const again = doubtful.slice(0, LARGEST_CALL);
      const until = Math.min(due, next + LARGEST_CALL - again.length);
      const fresh = Array.from({ length: Math.max(0, until - next) }, (_, offset) =>
        numbered(options, next + offset),
      );
      next += fresh.length;
      const call = [...again, ...fresh];
      const still = call.length === 0 ? [] : await handOver(call);
      doubts += still.length;
      doubtful = [...doubtful.slice(again.length), ...still];
      if (still.length === 0) lastGood = performance.now();
      else if (performance.now() - lastGood > PATIENCE_MS) {
        throw new Error(`Expected Redis to take messages, got none taken in ${PATIENCE_MS} ms`);
      }
      if (next >= due || still.length > 0) await delay(TICK_MS);
    }
  }

  const running = run();
  // A failure is told by `stop`, not by an unhandled rejection in between.
  running.catch(() => undefined);
  return {
    acknowledged,
    refused,
    get doubts() {
      return doubts;
    },
    async stop() {
      stopping = true;
      await running;
    },
  };
}

/** Accounts take turns. */
function numbered({ appIds, customEvery = 4, from = 0 }: LoadOptions, position: number): Order {
  const appId = appIds[position % appIds.length];
  if (appId === undefined) throw new Error('startLoad: expected at least one account');
  const index = from + Math.floor(position / appIds.length);
  const kind = customEvery > 0 && index % customEvery === 0 ? 'custom' : 'template';
  return orderOf(appId, index, kind);
}

/** What a reckoning wants to know of a load. */
export function messageIdsOf(load: Load): Map<string, string> {
  return new Map([...load.acknowledged].map(([openid, { messageId }]) => [openid, messageId]));
}
