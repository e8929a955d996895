import { openDeadLetters } from '../../src/shared/dead-letter.ts';
import { startProcess } from '../helpers/process.ts';
import { waitFor } from '../helpers/wait-for.ts';
import { armFault, readBooks } from './books.ts';
import { type Order, ordersOf } from './messages.ts';
import type { Measured, MeasureOptions } from './measured.ts';
import { reckon } from './reckoning.ts';
import { enqueueAll } from './rejected-flight.ts';
import { openScene, type Scene, SEND_PATHS } from './scene.ts';

const PROCESSES = 2;
const PER_SECOND = 500;
const MOST = 1.1;
const CALL = 5000;

/**
 * Dead letters are put back. Some of them WeChat had taken all the same; two operators redrive
 * at once; and letters of messages that are long sent turn up again.
 */
export async function redrive({ short, say }: MeasureOptions): Promise<Measured> {
  const total = short ? 500 : 10_000;
  const taken = total / 20;
  const scene = await openScene({ perSecond: PER_SECOND, latency: '20:100' });
  const letters = openDeadLetters(scene.admin, () => undefined);
  try {
    const [appId = ''] = scene.appIds;
    const refusal = { path: SEND_PATHS.template, reply: { kind: 'errcode', errcode: 43004 } };
    await armFault(scene.wechat, { ...refusal, accept: true, count: taken });
    await armFault(scene.wechat, { ...refusal, accept: false });
    await scene.fleet({ size: PROCESSES });
    const orders = ordersOf(appId, 0, total);
    const acknowledged = await enqueueInParts(scene, orders);
    await waitFor(async () => (await letters.getFailedCount()) === total, {
      timeoutMs: 180_000,
      intervalMs: 500,
      what: `${total} dead letters`,
    });
    await scene.takings.refresh();
    say(`${total} dead letters, ${scene.takings.size} of them taken by WeChat all the same`);
    const old = await letters.getFailed(0, taken - 1);

    await scene.wechat.control('DELETE', 'faults');
    await scene.wechat.control('DELETE', 'record');
    const started = performance.now();
    const operators = await Promise.all([redriveAll(scene), redriveAll(scene)]);
    const redriveSeconds = (performance.now() - started) / 1000;
    say(`redriven by two operators within ${Math.round(redriveSeconds)} s`);
    const first = await reckon(scene, acknowledged, { timeoutMs: 120_000 });
    const books = await readBooks(scene.wechat);
    const peak = books.peakPerSecond.taken[`${appId} ${SEND_PATHS.template}`] ?? 0;

    for (const { name, data, id } of old) await letters.add(name, data, { jobId: id ?? '' });
    await waitFor(async () => (await letters.getFailedCount()) === taken, {
      timeoutMs: 30_000,
      what: `${taken} dead letters of sent messages`,
    });
    // As the dashboard's Retry does it: the CLI takes only the letter that the ledger knows of.
    for (const letter of await letters.getFailed(0, taken - 1)) await letter.retry('failed');
    await waitFor(async () => (await letters.getFailedCount()) === 0, {
      timeoutMs: 60_000,
      what: 'the old letters to go away',
    });
    const { shown, doubled, lost, dead, unknown } = await reckon(scene, acknowledged);
    return {
      name: 'redrive',
      promise: 'P22',
      target: `${total} redriven: all sent, 0 doubled, any second ≤ ${MOST} × rate`,
      measured: `${shown} sent, ${doubled} doubled, peak ${(peak / PER_SECOND).toFixed(3)} × rate`,
      held: shown === total && doubled + lost === 0 && peak <= PER_SECOND * MOST,
      details: {
        total,
        takenBefore: taken,
        operators,
        redriveSeconds: Math.round(redriveSeconds),
        first,
        oldLetters: old.length,
        after: { shown, doubled, lost, dead, unknown },
        peak,
      },
    };
  } finally {
    await letters.close();
    await scene.close();
  }
}

async function enqueueInParts(
  scene: Scene,
  orders: readonly Order[],
): Promise<Map<string, string>> {
  const acknowledged = new Map<string, string>();
  for (let from = 0; from < orders.length; from += CALL) {
    const part = orders.slice(from, from + CALL);
    const messageIds = await enqueueAll(scene, part);
    part.forEach(({ openid }, position) => acknowledged.set(openid, messageIds[position] ?? ''));
  }
  return acknowledged;
}

/** `courier dead-letters redrive --all`; its exit code and what it said. */
async function redriveAll(scene: Scene): Promise<{ code: number | null; said: string }> {
  const command = startProcess('dist/cli/main.js', {
    args: ['dead-letters', 'redrive', '--all', '--json'],
    env: { REDIS_URL: scene.redisUrl },
  });
  const { code } = await command.exited;
  return { code, said: [...command.stdout, ...command.stderr].join(' ').slice(0, 300) };
}
