import { withinDeadline } from '../producer/connection.ts';
import { createProducer, type Producer } from '../producer/index.ts';
import { type Config, loadConfig } from '../shared/config.ts';
import { closeRedis, openRedis, type RedisClient } from '../shared/redis.ts';
import { redisAddress } from './redis-address.ts';

/** The settings of a command. @throws CourierError `ERR_CONFIG` */
export function readConfig(): Config {
  return loadConfig({ ...process.env, REDIS_URL: redisAddress(process.env) });
}

/**
 * Runs `work` with a producer and closes that.
 *
 * @param accounts `none` for what needs only a message id: then there need be no accounts file
 */
export async function withProducer<Result>(
  accounts: 'file' | 'none',
  work: (producer: Producer) => Promise<Result>,
): Promise<Result> {
  const { redisUrl, accountsFile, ledgerTtlHours } = readConfig();
  const known = accounts === 'file' ? { accountsFile } : { accounts: [] };
  const producer = createProducer({ redisUrl, ledgerTtlHours, ...known });
  try {
    return await work(producer);
  } finally {
    await producer.close();
  }
}

/**
 * Runs `work` with a connection of its own.
 *
 * @throws CourierError `ERR_QUEUE_UNAVAILABLE` when Redis is away
 */
export async function withRedis<Result>(
  work: (redis: RedisClient) => Promise<Result>,
): Promise<Result> {
  const redis = openRedis(readConfig().redisUrl, 'producer', () => undefined);
  try {
    return await withinDeadline(redis, () => work(redis));
  } finally {
    await closeRedis(redis);
  }
}
