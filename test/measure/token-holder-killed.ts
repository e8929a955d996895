import { accountKeys } from '../../src/shared/keys.ts';
import { waitFor } from '../helpers/wait-for.ts';
import { armFault, metBy, readBooks, requests } from './books.ts';
import type { Measured } from './measured.ts';
import { IN_FLIGHT, PROCESSES, takeOff } from './rejected-flight.ts';
import { type Scene, TOKEN_PATH } from './scene.ts';

/** Of the renewal lock, plus one second. */
const LIMIT_MS = 5000 + 1000;

/** The same storm; the process that renews the token is killed while WeChat lets it wait. */
export async function tokenHolderKilled(): Promise<Measured> {
  let fault = 0;
  const { scene, fleet, orders } = await takeOff(async ({ wechat }) => {
    const reply = { kind: 'hang' };
    fault = await armFault(wechat, { path: TOKEN_PATH, accept: true, reply, count: 1 });
  });
  try {
    await waitFor(async () => (await metBy(scene.wechat, fault)) === 1, {
      timeoutMs: 10_000,
      what: 'a process to ask for a token',
    });
    const victim = await holderOf(scene, (number) => fleet.pid(number));
    const killedAt = Date.now();
    await fleet.kill(victim);
    await waitFor(
      async () => {
        await scene.takings.refresh();
        return orders.every(({ openid }) => scene.takings.shown(openid) > 0);
      },
      { timeoutMs: 60_000, intervalMs: 200, what: `all ${IN_FLIGHT} messages to be taken` },
    ).catch(() => undefined);
    const books = await readBooks(scene.wechat);
    const after = orders
      .flatMap(({ openid }) => scene.takings.at(openid) ?? [])
      .map((at) => at - killedAt)
      .toSorted((left, right) => left - right);
    // Those that died with the holder wait for their lock to lapse: that is another promise.
    const others = after.slice(0, IN_FLIGHT - IN_FLIGHT / PROCESSES);
    const refreshes = requests(books, TOKEN_PATH);
    const recovered = after[0] ?? Number.NaN;
    return {
      name: 'token-holder-killed',
      promise: 'P6',
      target: `≤ 2 refreshes, sending again ≤ ${LIMIT_MS} ms after the kill, all sent`,
      measured: `${refreshes} refreshes, sending again after ${recovered} ms, ${after.length} sent`,
      held:
        refreshes <= 2 &&
        recovered <= LIMIT_MS &&
        after.length === IN_FLIGHT &&
        books.duplicates === 0,
      details: {
        refreshes,
        sent: after.length,
        duplicates: books.duplicates,
        firstMs: recovered,
        lastOfTheOthersMs: others.at(-1),
        lastMs: after.at(-1),
      },
    };
  } finally {
    await scene.close();
  }
}

/** The number of the worker that holds the renewal lock; its name there has its process id. */
async function holderOf(scene: Scene, pidOf: (number: number) => number | null): Promise<number> {
  const [appId = ''] = scene.appIds;
  const owner = (await scene.admin.get(accountKeys(appId).tokenLock)) ?? '';
  const numbers = Array.from({ length: PROCESSES }, (_, number) => number);
  const holder = numbers.find((number) => owner.split(':').includes(String(pidOf(number))));
  if (holder !== undefined) return holder;
  throw new Error(`Expected a worker to hold the renewal lock, got "${owner}"`);
}
