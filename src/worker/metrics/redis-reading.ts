import { Cluster, type Redis } from 'ioredis';
import type { DeadLetterQueue } from '../../shared/dead-letter.ts';
import { lanePrefix } from '../../shared/keys.ts';
import { type RedisClient, repliesOf } from '../../shared/redis.ts';

/** What Redis as a whole says. */
export interface RedisState extends Memory {
  readonly deadLetters: number;
}

/** Of one node; of a cluster, of the fullest master. */
interface Memory {
  readonly usedBytes: number;
  /** 0: none is set. */
  readonly limitBytes: number;
}

/** @throws whatever Redis says, or that there is no connection */
export async function readRedis(
  redis: RedisClient,
  deadLetters: Pick<DeadLetterQueue, 'toKey'>,
): Promise<RedisState> {
  const [failed, memories] = await Promise.all([
    redis.zcard(deadLetters.toKey('failed')),
    Promise.all(nodesOf(redis).map(async (node) => memoryOf(await node.info('memory')))),
  ]);
  return {
    deadLetters: failed,
    ...fullest(memories),
  };
}

/** Messages are refused as soon as one master of a cluster is full, however empty the others are. */
export function fullest(nodes: readonly Memory[]): Memory {
  const shareOf = ({ usedBytes, limitBytes }: Memory) =>
    limitBytes > 0 ? usedBytes / limitBytes : 0;
  const [first = { usedBytes: 0, limitBytes: 0 }] = nodes.toSorted(
    (one, other) => shareOf(other) - shareOf(one) || other.usedBytes - one.usedBytes,
  );
  return first;
}

const SAMPLES = 400;

/**
 * About how many bytes the ledger records of each account take: the share that they have among keys picked at random,
 * times all keys. Nothing counts them, and looking at all would stop Redis.
 *
 * @throws whatever Redis says
 */
export async function sampleLedgers(
  redis: RedisClient,
  appIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const bytes = new Map(appIds.map((appId) => [appId, 0]));
  for (const node of nodesOf(redis)) {
    const keys = await node.dbsize();
    if (keys === 0) continue;
    const draws = node.pipeline();
    for (let draw = 0; draw < SAMPLES; draw += 1) draws.randomkey();
    const drawn = ((await repliesOf(draws)) as (string | null)[]).flatMap((key) => {
      const appId = key === null ? undefined : ownerOf(key);
      return key !== null && appId !== undefined && bytes.has(appId) ? [{ key, appId }] : [];
    });
    if (drawn.length === 0) continue;
    const usage = node.pipeline();
    for (const { key } of drawn) usage.memory('USAGE', key);
    const sizes = (await repliesOf(usage)) as (number | null)[];
    drawn.forEach(({ appId }, place) => {
      const share = ((sizes[place] ?? 0) * keys) / SAMPLES;
      bytes.set(appId, (bytes.get(appId) ?? 0) + share);
    });
  }
  return bytes;
}

const [BEFORE_APP_ID = '', AFTER_APP_ID = ''] = lanePrefix('\n').split('\n');

/** The account of a ledger record; undefined for every other key. */
function ownerOf(key: string): string | undefined {
  if (!key.startsWith(BEFORE_APP_ID)) return undefined;
  const end = key.indexOf(`${AFTER_APP_ID}:m:`);
  return end < 0 ? undefined : key.slice(BEFORE_APP_ID.length, end);
}

function nodesOf(redis: RedisClient): readonly Redis[] {
  return redis instanceof Cluster ? redis.nodes('master') : [redis];
}

function memoryOf(info: string): Memory {
  const field = (name: string) =>
    Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? Number.NaN);
  return { usedBytes: field('used_memory'), limitBytes: field('maxmemory') };
}
