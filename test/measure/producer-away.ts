import { setTimeout as delay } from 'node:timers/promises';
import { createProducer, isCourierError, type Producer } from '../../src/producer/index.ts';
import { type Link, openLink } from '../chaos/link.ts';
import { type Order, ordersOf } from './messages.ts';
import type { Measured, MeasureOptions } from './measured.ts';
import { percentile } from './percentile.ts';
import { reckon } from './reckoning.ts';
import { enqueueAll } from './rejected-flight.ts';
import { openScene, startedRedis } from './scene.ts';

const LIMIT_MS = 2500;

/** One call while Redis was away. */
interface Tried {
  readonly ms: number;
  readonly end: 'unavailable' | 'acknowledged' | 'other' | 'hung';
}

/** Services enqueue while Redis is away in three ways, and repeat themselves afterwards. */
export async function producerAway({ short }: MeasureOptions): Promise<Measured> {
  const perWave = short ? 100 : 250;
  const redis = await startedRedis(short ? 'no' : 'always');
  const scene = await openScene({ redis });
  const link = await openLink({ port: Number(new URL(redis.url).port) });
  const [appId = ''] = scene.appIds;
  const producer = createProducer({
    redisUrl: `redis://127.0.0.1:${link.port}/0`,
    accounts: [{ appId }],
  });
  try {
    await scene.fleet({ size: 1 });
    const away: Readonly<Record<string, Absence>> = {
      'black hole': blackHole(link),
      frozen: { begin: () => redis.freeze(), end: () => redis.thaw() },
      'black hole again': blackHole(link),
      gone: { begin: () => redis.end('SIGKILL'), end: () => redis.start() },
    };
    const acknowledged = new Map<string, string>();
    const tried: Record<string, Tried[]> = {};
    let from = 0;
    for (const [way, absence] of Object.entries(away)) {
      const orders = ordersOf(appId, from, perWave);
      from += perWave;
      // Connected, as a service is that has been running for a while.
      await producer.status(`${appId}.${'a'.repeat(26)}`);
      await absence.begin();
      tried[way] = await Promise.all(orders.map((order) => tryOne(producer, order)));
      await absence.end();
      const messageIds = await enqueueAll(scene, orders);
      orders.forEach(({ openid }, position) => {
        acknowledged.set(openid, messageIds[position] ?? '');
      });
    }
    const reckoning = await reckon(scene, acknowledged);
    const all = Object.values(tried).flat();
    const counts = { unavailable: 0, acknowledged: 0, other: 0, hung: 0 };
    for (const { end } of all) counts[end] += 1;
    const p99 = percentile(
      all.map(({ ms }) => ms),
      99,
    );
    return {
      name: 'producer-away',
      promise: 'P12',
      target: `${all.length} calls: all ERR_QUEUE_UNAVAILABLE, p99 ≤ ${LIMIT_MS} ms, each sent once after repetition`,
      measured:
        `${counts.unavailable} ERR_QUEUE_UNAVAILABLE, p99 ${Math.round(p99)} ms, ` +
        `${counts.acknowledged} acknowledged, ${counts.hung} hung; ` +
        `${reckoning.shown} sent, ${reckoning.doubled} doubled`,
      held:
        counts.unavailable === all.length &&
        p99 <= LIMIT_MS &&
        reckoning.shown === all.length &&
        reckoning.doubled === 0,
      details: {
        counts,
        reckoning,
        p99Ms: Object.fromEntries(
          Object.entries(tried).map(([way, calls]) => [
            way,
            Math.round(
              percentile(
                calls.map(({ ms }) => ms),
                99,
              ),
            ),
          ]),
        ),
        p100Ms: Math.round(
          percentile(
            all.map(({ ms }) => ms),
            100,
          ),
        ),
      },
    };
  } finally {
    await producer.close();
    await link.close();
    await scene.close();
  }
}

/** One way in which Redis is away. */
interface Absence {
  begin(): void | Promise<void>;
  end(): void | Promise<void>;
}

/** At the end the connections break, as they do when a network comes back after minutes. */
function blackHole(link: Link): Absence {
  return {
    begin: () => link.blackHole(true),
    end() {
      link.cut();
      link.blackHole(false);
    },
  };
}

async function tryOne(producer: Producer, { envelope }: Order): Promise<Tried> {
  const started = performance.now();
  const call = producer.enqueue(envelope).then(
    () => 'acknowledged' as const,
    (error: unknown) =>
      isCourierError(error) && error.code === 'ERR_QUEUE_UNAVAILABLE' ? 'unavailable' : 'other',
  );
  const patience = delay(10_000, 'hung' as const, { ref: false });
  const end = await Promise.race([call, patience]);
  return { ms: performance.now() - started, end };
}
