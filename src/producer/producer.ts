import { randomBytes } from 'node:crypto';
import type { Account } from '../shared/accounts.ts';
import { systemClock } from '../shared/clock.ts';
import { loadProducerSettings } from '../shared/config.ts';
import { CourierError } from '../shared/errors.ts';
import type { LaneJob } from '../shared/lane.ts';
import type { EnvelopeInput } from '../shared/message/envelope.ts';
import { parseMessageId } from '../shared/message/message-id.ts';
import { closeRedis, openRedis, type RedisClient } from '../shared/redis.ts';
import { beginBelowCaller } from '../shared/tracing/caller-span.ts';
import { accountsOfFile, fixedAccounts } from './accounts.ts';
import { withinDeadline } from './connection.ts';
import { type DeadLetters, openDeadLetterBox } from './dead-letters.ts';
import { type BatchResult, enqueueMany, type EnqueueResult } from './enqueue.ts';
import { contentOf, findMessages, type FoundMessage } from './find.ts';
import { openLanes } from './lanes.ts';
import { createPressure } from './pressure.ts';
import { type MessageStatus, statusOf } from './status.ts';
import { openUnknownMessages, type UnknownMessages } from './unknown-messages.ts';

export interface ProducerOptions {
  /** Default: `REDIS_URL`, else `redis://127.0.0.1:6379/0`. Ignored with `redis`. */
  readonly redisUrl?: string;
  /** Default: `COURIER_ACCOUNTS_FILE`, else `./accounts.json`. Ignored with `accounts`. */
  readonly accountsFile?: string;
  /** A connection of yours; `close` leaves it open. Give it `enableOfflineQueue: false`. */
  readonly redis?: RedisClient;
  /** The accounts, for callers that keep them elsewhere. Only the appIds are looked at. */
  readonly accounts?: readonly Pick<Account, 'appId'>[];
  /** How long an id stays known after its message was cancelled. Default: `COURIER_LEDGER_TTL_HOURS`, else 72. */
  readonly ledgerTtlHours?: number;
  /** Whether new messages can be found by openid. Default: `COURIER_SEARCH_INDEX`, else true. */
  readonly searchIndex?: boolean;
}

/** Hands messages over. From then on they are ours: each ends in exactly one known state. */
export interface Producer {
  /**
   * Resolves once the message is in Redis.
   *
   * @throws CourierError `ERR_INVALID_MESSAGE` (with `issues`), `ERR_ID_CONFLICT`,
   * `ERR_UNKNOWN_ACCOUNT`, `ERR_QUEUE_UNAVAILABLE` (within 2.5 s, with `retryAfterMs`; also
   * while Redis is nearly full), `ERR_CLOSED`
   */
  enqueue(envelope: EnvelopeInput): Promise<EnqueueResult>;
  /**
   * Enqueues any number, in chunks; results come in the same order, failures among them. Safe
   * to repeat whole when every envelope has an id.
   *
   * @throws CourierError `ERR_CLOSED`
   */
  enqueueMany(envelopes: readonly EnvelopeInput[]): Promise<BatchResult[]>;
  /** What is known of a message; null for an id nobody knows (any more). */
  status(messageId: string): Promise<MessageStatus | null>;
  /**
   * Messages by what a person knows of one: its message id, your own id or the number in it (of
   * `order-1002-paid` `1002` or `order-1002`), the recipient's openid or WeChat's msgid. At most
   * 50, the latest first. By a part of your id, openid and msgid only those of the last days
   * (`COURIER_LEDGER_TTL_HOURS` and a day), and none where `COURIER_SEARCH_INDEX` is `0`.
   */
  find(text: string): Promise<FoundMessage[]>;
  /**
   * What is sent, or would be after a redrive: the customer's data in clear. Null for a message
   * that nobody knows, and once it ended in another state than `unknown` or `dead`.
   */
  content(messageId: string): Promise<LaneJob | null>;
  /** True if the message will not be sent; false once it is being, was or may have been sent. */
  cancel(messageId: string): Promise<boolean>;
  readonly deadLetters: DeadLetters;
  /** Messages of which nobody knows whether they were sent. */
  readonly unknown: UnknownMessages;
  close(): Promise<void>;
}

/**
 * Opens a producer. Returns at once; the first call waits for the connection.
 *
 * @throws CourierError `ERR_CONFIG` if the accounts file or a setting is not valid
 */
export function createProducer(options: ProducerOptions = {}): Producer {
  const settings = settingsOf(options, process.env);
  const accounts = options.accounts
    ? fixedAccounts(options.accounts.map(({ appId }) => appId))
    : accountsOfFile(settings.accountsFile, systemClock.monotonic);
  const redis = options.redis ?? openRedis(settings.redisUrl, 'producer', () => undefined);
  const lanes = openLanes(redis, {
    ttlMs: settings.ledgerTtlHours * 3_600_000,
    isIndexed: settings.searchIndex,
    now: systemClock.now,
  });
  const pressure = createPressure(redis, systemClock.monotonic);
  const deps = { redis, lanes, accounts, pressure, clock: systemClock, randomBytes };
  let closed = false;

  function open(): void {
    if (!closed) return;
    throw new CourierError('ERR_CLOSED', 'The producer was closed. Create a new one.');
  }

  /** One call against Redis: not after `close`, and never longer than the deadline. */
  async function call<Result>(work: () => Promise<Result>): Promise<Result> {
    open();
    return await withinDeadline(redis, work);
  }

  /** Within the trace that the caller is in, if it is in one. */
  async function handOver(envelopes: readonly EnvelopeInput[]): Promise<BatchResult[]> {
    const span = beginBelowCaller('enqueue', { 'courier.messages': envelopes.length });
    const { traceparent } = span;
    try {
      const traced = traceparent === undefined ? deps : { ...deps, traceparent };
      const results = await enqueueMany(traced, envelopes);
      const rejected = results.find((result) => result.status === 'rejected');
      if (rejected) span.fail(rejected.code);
      return results;
    } finally {
      span.end();
    }
  }

  const deadLetters = openDeadLetterBox(redis, lanes, call);
  const search = { accounts, lanes, letterOf: deadLetters.show };

  async function status(messageId: string): Promise<MessageStatus | null> {
    open();
    const parts = parseMessageId(messageId);
    if (!parts) return null;
    const { appId, key } = parts;
    const record = await call(() => lanes.record(appId, key));
    return record && statusOf(messageId, appId, record, systemClock.now());
  }

  return {
    async enqueue(envelope) {
      open();
      const [result] = await handOver([envelope]);
      if (!result) throw new Error('enqueueMany gave no result');
      if (result.status !== 'rejected') return result;
      const { code, message, issues = [], retryAfterMs } = result;
      throw new CourierError(code, message, { issues, retryAfterMs });
    },
    async enqueueMany(envelopes) {
      open();
      return await handOver(envelopes);
    },
    status,
    find: (text) => call(() => findMessages({ ...search, now: systemClock.now }, text)),
    async content(messageId) {
      const known = await status(messageId);
      return known && (await call(() => contentOf(search, known)));
    },
    async cancel(messageId) {
      open();
      const parts = parseMessageId(messageId);
      if (!parts) return false;
      const { appId, key } = parts;
      return await call(async () => {
        const ledger = lanes.ledger(appId);
        if ((await ledger.cancel(key)) !== 'cancelled') return false;
        // The ledger has decided; the job would only be skipped, so losing this race is fine.
        const kind = (await ledger.read(key))?.kind ?? 'template';
        await lanes
          .lane(appId, kind)
          .remove(key)
          .catch(() => 0);
        return true;
      });
    },
    deadLetters,
    unknown: openUnknownMessages(accounts, lanes, call),
    async close() {
      if (closed) return;
      closed = true;
      await deadLetters.close();
      await lanes.close();
      if (!options.redis) await closeRedis(redis);
    },
  };
}

/** Options win over the environment; what an option replaces is not looked at. */
function settingsOf(options: ProducerOptions, env: NodeJS.ProcessEnv) {
  return loadProducerSettings({
    REDIS_URL: options.redis ? undefined : (options.redisUrl ?? env['REDIS_URL']),
    COURIER_ACCOUNTS_FILE: options.accountsFile ?? env['COURIER_ACCOUNTS_FILE'],
    COURIER_LEDGER_TTL_HOURS: options.ledgerTtlHours?.toString() ?? env['COURIER_LEDGER_TTL_HOURS'],
    COURIER_SEARCH_INDEX: switchOf(options.searchIndex) ?? env['COURIER_SEARCH_INDEX'],
  });
}

function switchOf(value: boolean | undefined): '0' | '1' | undefined {
  if (value === undefined) return undefined;
  return value ? '1' : '0';
}
