import { accountKeys } from '../keys.ts';
import { DEAD_REASONS, type Kind } from '../outcome.ts';
import type { RedisClient } from '../redis.ts';
import { loadPlainScript, loadScript } from '../redis-script.ts';
import { TIMINGS } from '../timings.ts';
import { batched } from '../batch.ts';
import type {
  Acceptance,
  AcceptRequest,
  BeginRequest,
  Begun,
  Ledger,
  LedgerRecord,
  Settled,
  SettleRequest,
} from './ledger.ts';
import { parseRecord, parseState } from './record.ts';
import type { IndexEntry, SearchIndex } from './search-index.ts';

const scripts = {
  accept: loadScript(new URL('./accept.lua', import.meta.url)),
  begin: loadScript(new URL('./begin.lua', import.meta.url)),
  settle: loadScript(new URL('./settle.lua', import.meta.url)),
  // Also sent behind a command that timed out, where a second step would never follow.
  cancel: loadPlainScript(new URL('./cancel.lua', import.meta.url)),
  redrive: loadScript(new URL('./redrive.lua', import.meta.url)),
  forget: loadScript(new URL('./forget.lua', import.meta.url)),
  resolve: loadScript(new URL('./resolve.lua', import.meta.url)),
  orphan: loadScript(new URL('./orphan.lua', import.meta.url)),
};

/** Bounds how long one script call may hold Redis: 100 messages take well under 2 ms. */
const MAX_BATCH = 100;

/** The times and counts the ledger decides by. */
export interface LedgerLimits {
  /** How long one run may take from `begin` to `settle`. */
  readonly leaseMs: number;
  /** How long WeChat is trusted to deduplicate a `client_msg_id` (WeChat facts §2.3: 10 min). */
  readonly guardMs: number;
  /** Attempts after which an interrupted message is not tried again. */
  readonly budget: number;
  /** So many interruptions in a row within `poisonWindowMs`: it is held to kill its workers. */
  readonly poison: number;
  readonly poisonWindowMs: number;
}

/** What every process of a deployment must agree on. */
const LIMITS: LedgerLimits = Object.freeze({
  leaseMs: TIMINGS.leaseMs,
  guardMs: TIMINGS.templateRetryGuardMs,
  budget: TIMINGS.templateRetryDelaysMs.length + 1,
  poison: TIMINGS.poisonInterruptions,
  poisonWindowMs: TIMINGS.poisonWindowMs,
});

export interface RedisLedgerOptions {
  readonly redis: RedisClient;
  readonly appId: string;
  /** How long the record of an ended message is kept. */
  readonly ttlMs: number;
  /** Names the process that begins and settles. A producer does neither. */
  readonly process?: string;
  /** Where messages are entered under what people search by; absent where nobody searches. */
  readonly index?: SearchIndex | undefined;
  /** Default: the deployment's; another one for tests of the ledger itself. */
  readonly limits?: LedgerLimits;
}

/** The ledger of one account, in Redis. */
export function createRedisLedger(options: RedisLedgerOptions): Ledger {
  const { redis, appId } = options;
  const keys = accountKeys(appId);
  const call = {
    begin: batched<BeginRequest, Begun>((requests) => beginMany(options, requests), {
      maxSize: MAX_BATCH,
    }),
    settle: batched<SettleRequest, Settled>((requests) => settleMany(options, requests), {
      maxSize: MAX_BATCH,
    }),
  };
  return {
    accept: (requests) => acceptMany(options, requests),
    begin: call.begin,
    settle: call.settle,
    async cancel(messageKey) {
      const state = await scripts.cancel.run(redis, [keys.ledger(messageKey)], [options.ttlMs]);
      return parseState(String(state));
    },
    async redrive(messageKey, kind, redrives) {
      const scriptKeys = [keys.ledger(messageKey), keys.deadPending];
      const state = await scripts.redrive.run(redis, scriptKeys, [
        messageKey,
        short(kind),
        options.ttlMs,
        redrives,
      ]);
      if (state === 'STALE') return 'stale';
      return parseState(String(state)) ?? unexpected('redrive', state);
    },
    read: (messageKey) => readRecord(redis, appId, messageKey),
    async forget(messageKey) {
      const scriptKeys = [keys.ledger(messageKey), keys.deadPending];
      return (await scripts.forget.run(redis, scriptKeys, [messageKey, options.ttlMs])) === 1;
    },
    pendingDeadLetters: (limit) => redis.zrange(keys.deadPending, 0, `${limit - 1}`),
    async confirmDeadLetter(messageKey) {
      await redis.zrem(keys.deadPending, messageKey);
    },
    ...handovers(options),
    ...doubts(options),
  };
}

/** What is recorded of a message, of any account. */
export async function readRecord(
  redis: RedisClient,
  appId: string,
  messageKey: string,
): Promise<LedgerRecord | null> {
  return parseRecord(await redis.hgetall(accountKeys(appId).ledger(messageKey)));
}

/** Messages that are recorded but perhaps not in their lane. */
function handovers({
  redis,
  appId,
}: RedisLedgerOptions): Pick<Ledger, 'confirmHandover' | 'openHandovers' | 'dropOrphan'> {
  const keys = accountKeys(appId);
  return {
    async confirmHandover(messageKeys) {
      if (messageKeys.length > 0) await redis.zrem(keys.handovers, ...messageKeys);
    },
    openHandovers: (minAgeMs, limit) => olderThan(redis, keys.handovers, minAgeMs, 0, limit),
    async dropOrphan(messageKey, minAgeMs) {
      const scriptKeys = [keys.ledger(messageKey), keys.handovers];
      return (await scripts.orphan.run(redis, scriptKeys, [messageKey, minAgeMs])) === 1;
    },
  };
}

/** Messages of which nobody knows whether they were sent. */
function doubts({
  redis,
  appId,
  ttlMs,
}: RedisLedgerOptions): Pick<Ledger, 'unknown' | 'doubts' | 'countUnknown' | 'resolve'> {
  const keys = accountKeys(appId);
  return {
    unknown: (minAgeMs, start, limit) => olderThan(redis, keys.unknown, minAgeMs, start, limit),
    async doubts(start, limit) {
      const last = start + limit - 1;
      const flat = await redis.zrange(keys.unknown, String(start), String(last), 'WITHSCORES');
      return Array.from({ length: flat.length / 2 }, (_, index) => ({
        messageKey: flat[2 * index] ?? '',
        since: Number(flat[2 * index + 1]),
      }));
    },
    countUnknown: () => redis.zcard(keys.unknown),
    async resolve(messageKey, to, minAgeMs, redrives) {
      const sets = [keys.unknown, keys.deadPending, keys.handovers];
      const scriptKeys = [keys.ledger(messageKey), ...sets];
      const args = [messageKey, to, ttlMs, minAgeMs, redrives ?? ''];
      const [state, now] = asArray('resolve', await scripts.resolve.run(redis, scriptKeys, args));
      return { state: parseState(String(state)), now: now === '1' };
    },
  };
}

/** Members of a set by time, oldest first, at least so old by Redis' own clock. */
async function olderThan(
  redis: RedisClient,
  key: string,
  minAgeMs: number,
  start: number,
  limit: number,
): Promise<string[]> {
  const [seconds, micros] = await redis.time();
  const until = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000) - minAgeMs;
  return await redis.zrangebyscore(key, '-inf', until, 'LIMIT', start, limit);
}

async function acceptMany(
  { redis, appId, index }: RedisLedgerOptions,
  requests: readonly AcceptRequest[],
): Promise<Acceptance[]> {
  const keys = accountKeys(appId);
  const scriptKeys: string[] = [keys.handovers];
  const args: (string | number | Buffer)[] = [];
  for (const { messageKey, kind, contentHash = '', recipient, due } of requests) {
    const key = keys.ledger(messageKey);
    const clue =
      recipient === undefined ? undefined : ({ by: 'recipient', text: recipient } as const);
    const entry = clue && index?.entry(clue, messageKey, due);
    scriptKeys.push(key, entry?.key ?? key);
    args.push(short(kind), contentHash, due ?? '', ...indexArguments(entry));
  }
  const reply = await scripts.accept.run(redis, scriptKeys, args);
  return asArray('accept', reply).map((answer): Acceptance => {
    if (answer === 'NEW') return { kind: 'new' };
    if (answer === 'CONFLICT') return { kind: 'conflict' };
    const state = parseState(String(answer)) ?? unexpected('accept', answer);
    return { kind: 'known', state };
  });
}

async function beginMany(
  { redis, appId, process = '', limits = LIMITS }: RedisLedgerOptions,
  requests: readonly BeginRequest[],
): Promise<Begun[]> {
  const keys = accountKeys(appId);
  const scriptKeys: string[] = [keys.token, keys.deadPending, keys.unknown, keys.suspect(process)];
  const { leaseMs, guardMs, budget, poison, poisonWindowMs } = limits;
  const args: (string | number)[] = [leaseMs, guardMs, budget, poison, poisonWindowMs];
  for (const request of requests) {
    scriptKeys.push(keys.ledger(request.messageKey));
    args.push(
      request.messageKey,
      request.owner,
      short(request.kind),
      request.expiresAt ?? '',
      request.resend ? '1' : '',
    );
  }
  const reply = asArray('begin', await scripts.begin.run(redis, scriptKeys, args));
  const tokenGeneration = String(reply[0]);
  return reply.slice(1).map((answer) => parseBegun(asArray('begin', answer), tokenGeneration));
}

function parseBegun(answer: readonly unknown[], tokenGeneration: string): Begun {
  switch (answer[0]) {
    case 'GO':
      return {
        kind: 'go',
        fence: String(answer[1]),
        spent: Number(answer[2]),
        attempts: Number(answer[3]),
        tokenGeneration,
        ambiguousSince: answer[4] === '' ? undefined : Number(answer[4]),
      };
    case 'BUSY':
      return { kind: 'busy', retryInMs: Number(answer[1]) };
    case 'END':
      return {
        kind: 'ended',
        state: parseState(String(answer[1])) ?? unexpected('begin', answer),
        now: answer[2] === '1',
        reason: DEAD_REASONS.find((reason) => reason === answer[3]),
      };
    default:
      return unexpected('begin', answer);
  }
}

async function settleMany(
  { redis, appId, ttlMs, index, process = '' }: RedisLedgerOptions,
  requests: readonly SettleRequest[],
): Promise<Settled[]> {
  const keys = accountKeys(appId);
  const scriptKeys: string[] = [keys.deadPending, keys.unknown, keys.suspect(process)];
  const args: (string | number | Buffer)[] = [ttlMs];
  for (const request of requests) {
    const { messageKey, to } = request;
    const key = keys.ledger(messageKey);
    const msgid = to.state === 'sent' ? to.wechatMsgId : undefined;
    const entry =
      msgid === undefined ? undefined : index?.entry({ by: 'msgid', text: msgid }, messageKey);
    scriptKeys.push(key, entry?.key ?? key);
    args.push(...settleArguments(request), ...indexArguments(entry));
  }
  const reply = asArray('settle', await scripts.settle.run(redis, scriptKeys, args));
  return reply.map((answer): Settled => {
    if (answer === 'OK') return 'ok';
    return answer === 'ALREADY' ? 'already-sent' : 'stale';
  });
}

function settleArguments(request: SettleRequest): (string | number)[] {
  const { to, attempt } = request;
  return [
    request.messageKey,
    request.owner,
    request.fence,
    to.state,
    attempt ? `${Math.round(attempt.durationMs)}:${attempt.verdict}:${attempt.errcode ?? ''}` : '',
    request.spends ? '1' : '',
    request.ambiguous ? '1' : '',
    to.state === 'sent' ? (to.wechatMsgId ?? '') : '',
    to.state === 'dead' ? to.reason : '',
    to.state === 'dead' ? (to.errcode ?? '') : '',
  ];
}

function indexArguments(entry: IndexEntry | undefined): (Buffer | string | number)[] {
  return entry ? [entry.entry, Math.ceil(entry.keepMs)] : ['', ''];
}

function short(kind: Kind): 't' | 'c' {
  return kind === 'template' ? 't' : 'c';
}

function asArray(script: string, reply: unknown): readonly unknown[] {
  return Array.isArray(reply) ? reply : unexpected(script, reply);
}

function unexpected(script: string, reply: unknown): never {
  throw new Error(`The ledger script ${script} answered ${JSON.stringify(reply)}`);
}
