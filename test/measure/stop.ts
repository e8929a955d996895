import { setTimeout as delay } from 'node:timers/promises';
import { QueueEvents } from 'bullmq';
import { laneName, lanePrefix } from '../../src/shared/keys.ts';
import { KINDS } from '../../src/shared/outcome.ts';
import { between, choose, seededRandom } from '../chaos/random.ts';
import { waitFor } from '../helpers/wait-for.ts';
import { messageIdsOf, startLoad } from './load.ts';
import type { Measured, MeasureOptions } from './measured.ts';
import { median, most } from './percentile.ts';
import { reckon } from './reckoning.ts';
import { openScene, type Scene } from './scene.ts';

const PROCESSES = 4;
const LIMIT_MS = 15_000;
/** More than the worker's own grace period: what is killed then is a miss, not a wait. */
const KILL_AFTER_MS = 20_000;

/** Workers are asked to stop at random moments under load. */
export async function stop({ short, seed, say }: MeasureOptions): Promise<Measured> {
  const stops = short ? 12 : 200;
  const random = seededRandom(seed);
  const scene = await openScene({ latency: '200:1500' });
  const watch = await watchStalls(scene);
  try {
    const fleet = await scene.fleet({ size: PROCESSES });
    const load = startLoad({ ...scene, perSecond: short ? 60 : 100 });
    const leaving: Promise<unknown>[] = [];
    for (let asked = 0; asked < stops; asked += 1) {
      await delay(between(random, 200, 1500));
      await waitFor(() => fleet.working().length > 1, { timeoutMs: 30_000, what: 'two workers' });
      const victim = choose(
        random,
        fleet.working().map((number) => [number, 1] as const),
      );
      leaving.push(fleet.leave(victim, 'SIGTERM', KILL_AFTER_MS));
      if (asked % 20 === 19) say(`${asked + 1} of ${stops} stops`);
    }
    await Promise.all(leaving);
    const departures = fleet.counts.departures.slice();
    await load.stop();
    const reckoning = await reckon(scene, messageIdsOf(load));
    const times = departures.map(({ ms }) => ms);
    const unclean = departures.filter(({ code }) => code !== 0).length;
    const { doubled, lost, unknown } = reckoning;
    return {
      name: 'stop',
      promise: 'P11',
      target: `${stops} SIGTERMs: exit 0 within ${LIMIT_MS} ms, 0 stalled, 0 doubled, 0 lost`,
      measured:
        `${departures.length} stops, ${unclean} unclean, longest ${most(times)} ms, ` +
        `${watch.stalled()} stalled, ${doubled} doubled, ${lost + unknown} lost or unknown`,
      held:
        departures.length === stops &&
        unclean === 0 &&
        most(times) <= LIMIT_MS &&
        watch.stalled() === 0 &&
        load.refused.length + fleet.counts.crashes.length === 0 &&
        doubled + lost + unknown === 0,
      details: {
        reckoning,
        stalled: watch.stalled(),
        exits: departures.filter(({ code }) => code !== 0),
        crashes: fleet.counts.crashes,
        ms: { p50: median(times), p100: most(times) },
      },
    };
  } finally {
    await watch.close();
    await scene.close();
  }
}

/** Counts what BullMQ itself says of jobs whose worker let go of them. */
async function watchStalls(scene: Scene) {
  let stalled = 0;
  const watches = scene.appIds.flatMap((appId) =>
    KINDS.map((kind) => {
      const { hostname, port } = new URL(scene.redisUrl);
      const connection = { host: hostname, port: Number(port) };
      const events = new QueueEvents(laneName(appId, kind), {
        connection,
        prefix: lanePrefix(appId),
      });
      events.on('stalled', () => (stalled += 1));
      events.on('error', () => undefined);
      return events;
    }),
  );
  await Promise.all(watches.map((events) => events.waitUntilReady()));
  return {
    stalled: () => stalled,
    close: async () => void (await Promise.all(watches.map((events) => events.close()))),
  };
}
