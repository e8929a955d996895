import { Redis } from 'ioredis';
import { laneName, lanePrefix } from '../../src/shared/keys.ts';
import type { Kind } from '../../src/shared/outcome.ts';
import type { Shop } from './courier.ts';

/** A connection that looks as a worker’s does that has frozen. */
export async function openFrozenWorker({ appId, redisUrl }: Shop, kind: Kind): Promise<Redis> {
  const queue = Buffer.from(laneName(appId, kind)).toString('base64');
  const connection = new Redis(redisUrl, { connectionName: `${lanePrefix(appId)}:${queue}` });
  await connection.ping();
  return connection;
}
