import { expect, test } from 'vitest';
import { useCourier } from '../helpers/courier.ts';
import { startDashboard } from '../helpers/dashboard.ts';
import { openFrozenWorker } from '../helpers/frozen-worker.ts';
import { waitFor } from '../helpers/wait-for.ts';

const courier = useCourier({ closeAfter: 'file' });

/** A page without its markup, so that a sentence is one. */
const words = (text: string) => text.replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ');

test('a lane whose workers are frozen sends nothing, and since when; one that was just resumed or sends does not', async () => {
  const shop = await courier.open({ workers: 0 });
  const worker = await openFrozenWorker(shop, 'template');
  const dashboard = await startDashboard(shop);
  const lane = shop.lane('template');
  const text = async (path: string) => words((await dashboard.open('GET', path)).text);
  const account = () => text(`/accounts/${shop.appId}`);
  const { messageId } = await shop.producer.enqueue(shop.template());
  const then = Date.now() - 600_000;
  const key = lane.toKey(messageId.slice(shop.appId.length + 1));
  await shop.redis.hset(key, 'timestamp', then);
  try {
    // A worker that has just come has not had its minute yet.
    expect(await account()).toContain('template running');
    const since = new Date(then).toISOString().replace('T', ' ').slice(0, 19);
    const stuck = `template sends nothing due since ${since}`;
    await waitFor(async () => (await account()).includes(stuck), { timeoutMs: 70_000 });
    expect(await text(`/message?q=${messageId}`)).toContain('waits for sends nothing');

    await shop.redis.hset(lane.toKey('meta'), 'resumedAt', Date.now() - 61_000);
    expect(await account()).toContain(stuck);
    for (const [pause, resume] of [
      [`/accounts/${shop.appId}/pause`, `/accounts/${shop.appId}/resume`],
      [`/board/api/queues/${lane.name}/pause`, `/board/api/queues/${lane.name}/resume`],
    ] as const) {
      const method = pause.startsWith('/board') ? 'PUT' : 'POST';
      await dashboard.open(method, pause);
      expect(await account()).toContain('template paused');
      await dashboard.open(method, resume);
      expect(await account()).toContain('template running');
      await shop.redis.hset(lane.toKey('meta'), 'resumedAt', then);
      expect(await account()).toContain(stuck);
    }

    await shop.redis.hset(shop.keys.sleep('template'), { cause: 'quota', until: Date.now() - 9 });
    expect(await account()).toContain('template running');
    await shop.redis.del(shop.keys.sleep('template'));
    expect(await account()).toContain(stuck);
    const tally = shop.keys.tally(Math.floor(Date.now() / 1_800_000));
    await shop.redis.hincrby(tally, `template@${Math.floor(Date.now() / 60_000)}`, 1);
    expect(await account()).toContain('template running');
  } finally {
    worker.disconnect();
    await dashboard.stop();
  }
}, 90_000);
