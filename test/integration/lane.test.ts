import { expect, test } from 'vitest';
import { pino } from 'pino';
import { systemClock } from '../../src/shared/clock.ts';
import { accountKeys, lanePrefix, laneName } from '../../src/shared/keys.ts';
import { openLane } from '../../src/shared/lane.ts';
import { openRedis } from '../../src/shared/redis.ts';
import { createLanePace } from '../../src/worker/lane/lane-pace.ts';
import { createLane } from '../../src/worker/lane/lane.ts';
import { createTurns } from '../../src/worker/turns.ts';
import { freshAppId } from '../helpers/courier.ts';
import { useRedis } from '../helpers/redis.ts';

const redis = useRedis();
const logger = pino({ level: 'silent' });

test('a run whose job lost its lock is interrupted, and its neighbour goes on', async () => {
  const appId = freshAppId();
  const connection = openRedis(redis.url, 'worker', () => undefined);
  const queue = openLane(connection, appId, 'custom', () => undefined);
  const interrupted: string[] = [];
  const started = signal();
  const ended = signal();
  let runs = 0;
  const shared = { redis: connection, appId, kind: 'custom', clock: systemClock, logger } as const;
  const turns = createTurns({ redis: connection, keyOf: accountKeys(appId).turn, owner: 'test' });
  const lane = createLane({
    ...shared,
    pace: createLanePace({ ...shared, queue, perSecond: 100, turns }),
    concurrency: 2,
    process: async (job, interruption) => {
      runs += 1;
      if (runs === 2) started.resolve();
      interruption.listen(() => {
        interrupted.push(job.id ?? '');
        ended.resolve();
      });
      await ended.promise;
      return { kind: 'complete', result: { state: 'sent' }, keep: true };
    },
  });
  await lane.start();
  await queue.add('custom', { message: {} }, { jobId: 'robbed' });
  await queue.add('custom', { message: {} }, { jobId: 'neighbour' });
  await started.promise;
  await redis.client.del(`${lanePrefix(appId)}:${laneName(appId, 'custom')}:robbed:lock`);
  await ended.promise;
  expect(interrupted).toEqual(['robbed']);
  await lane.stop();
  await queue.close();
  connection.disconnect();
});

function signal(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
