import { accountKeys } from '../../src/shared/keys.ts';
import type { Fleet } from '../chaos/fleet.ts';
import { waitFor } from '../helpers/wait-for.ts';
import { armFault, metBy, readBooks, requests } from './books.ts';
import { type Measured, type MeasureOptions, timeLimit } from './measured.ts';
import { takeOff } from './rejected-flight.ts';
import { type Scene, TOKEN_PATH } from './scene.ts';

/** Of the renewal lock, plus one second. */
const LIMIT_MS = 5000 + 1000;

/** The same storm; the process that renews the token is killed while WeChat lets it wait. */
export async function tokenHolderKilled(options: MeasureOptions): Promise<Measured> {
  const limitMs = timeLimit(options, LIMIT_MS);
  let fault = 0;
  const { size, scene, fleet, orders } = await takeOff(options, async ({ wechat }) => {
    const reply = { kind: 'hang' };
    fault = await armFault(wechat, { path: TOKEN_PATH, accept: true, reply, count: 1 });
  });
  const { messages, processes } = size;
  try {
    await waitFor(async () => (await metBy(scene.wechat, fault)) === 1, {
      timeoutMs: 10_000,
      what: 'a process to ask for a token',
    });
    const victim = await holderOf(scene, fleet);
    const killedAt = Date.now();
    await fleet.kill(victim);
    await waitFor(
      async () => {
        await scene.takings.refresh();
        return orders.every(({ openid }) => scene.takings.shown(openid) > 0);
      },
      { timeoutMs: 60_000, intervalMs: 200, what: `all ${messages} messages to be taken` },
    ).catch(() => undefined);
    const books = await readBooks(scene.wechat);
    const after = orders
      .flatMap(({ openid }) => scene.takings.at(openid) ?? [])
      .map((at) => at - killedAt)
      .toSorted((left, right) => left - right);
    // Those that died with the holder wait for their lock to lapse: that is another promise.
    const others = after.slice(0, messages - messages / processes);
    const refreshes = requests(books, TOKEN_PATH);
    const recoveredMs = others.at(-1) ?? Number.NaN;
    return {
      name: 'token-holder-killed',
      promise: 'P6',
      target: `≤ 2 refreshes, the others’ messages sent ≤ ${limitMs} ms after the kill, all sent`,
      measured:
        `${refreshes} refreshes, the first sent after ${after[0]} ms, ` +
        `the others’ last after ${recoveredMs} ms, ${after.length} sent`,
      held:
        refreshes <= 2 &&
        recoveredMs <= limitMs &&
        after.length === messages &&
        books.duplicates === 0,
      details: {
        refreshes,
        sent: after.length,
        duplicates: books.duplicates,
        firstMs: after[0],
        lastOfTheOthersMs: recoveredMs,
        lastMs: after.at(-1),
      },
    };
  } finally {
    await scene.close();
  }
}

/** The number of the worker that holds the renewal lock; its name there has its process id. */
async function holderOf(scene: Scene, fleet: Fleet): Promise<number> {
  const [appId = ''] = scene.appIds;
  const owner = (await scene.admin.get(accountKeys(appId).tokenLock)) ?? '';
  const parts = owner.split(':');
  const holder = fleet.working().find((number) => parts.includes(String(fleet.pid(number))));
  if (holder !== undefined) return holder;
  throw new Error(`Expected a worker to hold the renewal lock, got "${owner}"`);
}
