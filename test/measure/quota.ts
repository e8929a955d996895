import { setTimeout as delay } from 'node:timers/promises';
import type { RedisClient } from '../../src/shared/redis.ts';
import { waitFor } from '../helpers/wait-for.ts';
import { answers, readBooks } from './books.ts';
import { ordersOf } from './messages.ts';
import type { Measured, MeasureOptions } from './measured.ts';
import { enqueueAll } from './rejected-flight.ts';
import { openScene, SEND_PATHS, type Scene } from './scene.ts';

const PROCESSES = 3;
const MOST_PER_SECOND = 50;
const CALL = 5000;

/** A lane waits behind a spent daily quota: what that costs its messages and its Redis. */
export async function quota({ short, say }: MeasureOptions): Promise<Measured> {
  const waiting = short ? 2000 : 50_000;
  const seconds = short ? 10 : 60;
  const scene = await openScene();
  try {
    const [appId = ''] = scene.appIds;
    const spent = { appId, quotas: [{ path: SEND_PATHS.template, daily: 1, used: 1 }] };
    await scene.wechat.control('POST', 'accounts', spent);
    const messageIds: string[] = [];
    for (let from = 0; from < waiting; from += CALL) {
      messageIds.push(
        ...(await enqueueAll(scene, ordersOf(appId, from, Math.min(CALL, waiting - from)))),
      );
    }
    await scene.fleet({ size: PROCESSES });
    await untilAsleep(scene);
    say(`${waiting} messages wait, the lane sleeps; looking for ${seconds} s`);
    const perSecond = await commandsPerSecond(scene.admin, seconds);
    const attempts = await attemptsOf(scene, messageIds);
    const refused = answers(await readBooks(scene.wechat), SEND_PATHS.template, 45009);
    return {
      name: 'quota',
      promise: 'P15',
      target: `${waiting} waiting: 0 attempts spent, ≤ ${MOST_PER_SECOND} Redis commands/s`,
      measured: `${attempts} attempts spent, ${perSecond.toFixed(1)} Redis commands/s over ${seconds} s`,
      held: attempts === 0 && refused > 0 && perSecond <= MOST_PER_SECOND,
      details: { waiting, processes: PROCESSES, attempts, refused, perSecond, seconds },
    };
  } finally {
    await scene.close();
  }
}

/** WeChat has refused some, and nothing is in flight any more. */
async function untilAsleep(scene: Scene): Promise<void> {
  const [appId = ''] = scene.appIds;
  const lane = scene.lane(appId, 'template');
  await waitFor(
    async () =>
      answers(await readBooks(scene.wechat), SEND_PATHS.template, 45009) > 0 &&
      (await lane.getActiveCount()) === 0,
    { timeoutMs: 30_000, intervalMs: 200, what: 'the lane to sleep' },
  );
  // What the processes do once after their start is not what they do while they wait.
  await delay(3000);
}

/** By Redis' own count, the two questions for it left out. Commands within scripts are in it. */
async function commandsPerSecond(redis: RedisClient, seconds: number): Promise<number> {
  const count = async () =>
    Number(/total_commands_processed:(\d+)/.exec(await redis.info('stats'))?.[1]);
  const before = await count();
  const started = performance.now();
  await delay(seconds * 1000);
  const after = await count();
  return ((after - before - 1) * 1000) / (performance.now() - started);
}

/** Attempts in the ledger's records, of all messages together. */
async function attemptsOf(scene: Scene, messageIds: readonly string[]): Promise<number> {
  let sum = 0;
  for (let start = 0; start < messageIds.length; start += 500) {
    const part = messageIds.slice(start, start + 500);
    const statuses = await Promise.all(part.map((id) => scene.producer.status(id)));
    for (const status of statuses) {
      if (!status) throw new Error('Expected every accepted message to be known');
      sum += status.attempts.length;
    }
  }
  return sum;
}
