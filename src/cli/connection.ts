import { CALL_DEADLINE_MS, withinDeadline } from '../producer/connection.ts';
import { createProducer, type Producer } from '../producer/index.ts';
import { type Config, loadConfig } from '../shared/config.ts';
import { CourierError, isCourierError, messageOf } from '../shared/errors.ts';
import { scrub } from '../shared/logger.ts';
import { redactUrl } from '../shared/redis-url.ts';
import { isRedisTrouble } from '../shared/redis-trouble.ts';
import { closeRedis, openRedis, type RedisClient, waitUntilReady } from '../shared/redis.ts';
import { redisAddress } from './redis-address.ts';

/** The settings of a command. @throws CourierError `ERR_CONFIG` */
export function readConfig(): Config {
  return loadConfig({ ...process.env, REDIS_URL: redisAddress(process.env) });
}

/**
 * Runs `work` with a producer and closes that.
 *
 * @param accounts `none` for what needs only a message id: then there need be no accounts file
 * @throws CourierError `ERR_QUEUE_UNAVAILABLE` when Redis is away or refuses us
 */
export async function withProducer<Result>(
  accounts: 'file' | 'none',
  work: (producer: Producer) => Promise<Result>,
): Promise<Result> {
  const { redisUrl, accountsFile, ledgerTtlHours } = readConfig();
  const known = accounts === 'file' ? { accountsFile } : { accounts: [] };
  const connection = connect(redisUrl);
  const { redis } = connection;
  try {
    const producer = createProducer({ redis, ledgerTtlHours, ...known });
    try {
      await connection.ready();
      return await work(producer);
    } finally {
      await producer.close();
    }
  } catch (error) {
    // Of enqueueing the producer says best what to do: repeat it with the same id.
    throw accounts === 'file' ? error : connection.explained(error);
  } finally {
    await connection.close();
  }
}

/**
 * Runs `work` with a connection of its own, within the deadline of a call; `asksOthers` for work
 * that waits for somebody else than Redis, too, and must not be cut off in the middle.
 *
 * @throws CourierError `ERR_QUEUE_UNAVAILABLE` when Redis is away or refuses us
 */
export async function withRedis<Result>(
  work: (redis: RedisClient) => Promise<Result>,
  { asksOthers = false }: { readonly asksOthers?: boolean } = {},
): Promise<Result> {
  const connection = connect(readConfig().redisUrl);
  const { redis } = connection;
  try {
    await connection.ready();
    return await (asksOthers ? work(redis) : withinDeadline(redis, () => work(redis)));
  } catch (error) {
    throw connection.explained(error);
  } finally {
    await connection.close();
  }
}

/** A connection that can say why it does not work. */
function connect(url: string) {
  let trouble: Error | undefined;
  const redis = openRedis(url, 'producer', (error) => (trouble = error));
  redis.on('ready', () => (trouble = undefined));

  function unavailable(cause: unknown): CourierError {
    return new CourierError(
      'ERR_QUEUE_UNAVAILABLE',
      `Expected Redis at ${redactUrl(url)} to answer, got: ${reasonOf(trouble ?? cause)}. Check ` +
        'REDIS_URL and that Redis runs there, then repeat the command.',
      { cause },
    );
  }

  return {
    redis,
    /** @throws CourierError `ERR_QUEUE_UNAVAILABLE` */
    async ready(): Promise<void> {
      await waitUntilReady(redis, CALL_DEADLINE_MS).catch((error: unknown) => {
        throw unavailable(error);
      });
    },
    /** Trouble with Redis in words that fit any command; other errors as they are. */
    explained(error: unknown): unknown {
      if (isRedisTrouble(error)) return unavailable(error);
      const isOfRedis = isCourierError(error) && error.code === 'ERR_QUEUE_UNAVAILABLE';
      return isOfRedis ? unavailable(error.cause) : error;
    },
    close: () => closeRedis(redis),
  };
}

/** Of several addresses tried, and of a cluster, the text is with the inner error. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  const inner = error instanceof Error && 'lastNodeError' in error ? error.lastNodeError : null;
  return inner ? reasonOf(inner) : scrub(messageOf(error)).replace(/\.$/, '');
}
