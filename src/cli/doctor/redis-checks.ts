import type { RedisClient } from '../../shared/redis.ts';
import { bad, type Check, good } from './check.ts';

export interface RedisCheckOptions {
  readonly allowVolatile: boolean;
  /** Epoch ms of this machine. */
  readonly now: () => number;
}

/** The oldest that is supported. */
const LEAST_VERSION = [6, 2] as const;
/** Of `maxmemory`; producers are refused from 85 % on. */
const FULL_SHARE = 0.75;
const MOST_SKEW_MS = 2000;

/** Whether this Redis keeps what it is given, and has room for more. */
export async function checkRedis(redis: RedisClient, options: RedisCheckOptions): Promise<Check[]> {
  const info = parseInfo(await redis.info());
  return [
    versionOf(info),
    persistenceOf(info, options.allowVolatile),
    evictionOf(info),
    memoryOf(info),
    await clockOf(redis, options.now),
  ];
}

type Info = ReadonlyMap<string, string>;

function versionOf(info: Info): Check {
  const valkey = info.get('valkey_version');
  const text = info.get('redis_version') ?? 'unknown';
  const shown = valkey === undefined ? `Redis ${text}` : `Valkey ${valkey}`;
  const [major = 0, minor = 0] = text.split('.').map(Number);
  const [needMajor, needMinor] = LEAST_VERSION;
  if (major > needMajor || (major === needMajor && minor >= needMinor)) {
    return good('redis.version', shown);
  }
  return bad(
    'redis.version',
    shown,
    `Upgrade to Redis ${LEAST_VERSION.join('.')} or later, or Valkey.`,
  );
}

function persistenceOf(info: Info, allowVolatile: boolean): Check {
  const name = 'redis.persistence';
  if (info.get('aof_enabled') === '1') {
    const last = info.get('aof_last_write_status') ?? 'ok';
    if (last === 'ok') return good(name, 'append-only file, written without errors');
    return bad(
      name,
      `append-only file, last write: ${last}`,
      'Free disk space, and read the log of Redis.',
    );
  }
  const detail = 'no append-only file: a restart loses accepted messages';
  const remedy =
    'Set "appendonly yes" in redis.conf, or run "redis-cli config set appendonly yes".';
  return allowVolatile
    ? good(name, `warning: ${detail} (COURIER_ALLOW_VOLATILE_REDIS=1 accepts it)`, remedy)
    : bad(name, detail, remedy);
}

function evictionOf(info: Info): Check {
  const policy = info.get('maxmemory_policy') ?? 'noeviction';
  if (policy === 'noeviction') return good('redis.eviction', policy);
  return bad(
    'redis.eviction',
    `${policy} deletes waiting messages when memory is full`,
    'Run "redis-cli config set maxmemory-policy noeviction", and set it in redis.conf.',
  );
}

function memoryOf(info: Info): Check {
  const used = Number(info.get('used_memory') ?? 0);
  const most = Number(info.get('maxmemory') ?? 0);
  if (most === 0) {
    return good(
      'redis.memory',
      `${megabytes(used)} used, no maxmemory`,
      'Set maxmemory, so that a backlog cannot take the whole machine.',
    );
  }
  const detail = `${megabytes(used)} of ${megabytes(most)} used (${Math.round((used / most) * 100)} %)`;
  if (used / most < FULL_SHARE) return good('redis.memory', detail);
  return bad(
    'redis.memory',
    detail,
    'Give Redis more memory: from 85 % on no message is accepted.',
  );
}

async function clockOf(redis: RedisClient, now: () => number): Promise<Check> {
  const before = now();
  const [seconds, micros] = await redis.time();
  const theirs = Number(seconds) * 1000 + Number(micros) / 1000;
  const skew = Math.round(theirs < before ? theirs - before : Math.max(0, theirs - now()));
  const detail = `${skew} ms apart from this machine`;
  if (Math.abs(skew) <= MOST_SKEW_MS) return good('redis.clock', detail);
  return bad('redis.clock', detail, 'Synchronise this machine and that of Redis with NTP.');
}

function parseInfo(text: string): Info {
  const lines = text.split(/\r?\n/).filter((line) => line.includes(':'));
  return new Map(
    lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  );
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MB`;
}
