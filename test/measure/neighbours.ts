import { setTimeout as delay } from 'node:timers/promises';
import { accountKeys } from '../../src/shared/keys.ts';
import { armFault } from './books.ts';
import { type Load, startLoad } from './load.ts';
import type { Measured, MeasureOptions } from './measured.ts';
import { median, percentile } from './percentile.ts';
import { untilIdle } from './reckoning.ts';
import { lanesOf, openScene, type Scene, SEND_PATHS } from './scene.ts';

const ACCOUNTS = 10;
const PROCESSES = 2;
/** Of each account: far from what two cores can do, so that what is seen is not their limit. */
const PER_SECOND = 10;
const MOST_CHANGE = 0.1;
/** Orders of a block, so that no block meets the ids of another. */
const BLOCK = 100_000;

/** What is wrong with the first account in a block of the measure. */
type Trouble = 'none' | 'no quota' | 'blocked';

/**
 * One of ten accounts is in trouble: what the other nine notice of it. Blocks with and without
 * trouble alternate, so that a machine that slows down slows down both.
 */
export async function neighbours({ short, say }: MeasureOptions): Promise<Measured> {
  const pairs = short ? 1 : 4;
  const seconds = short ? 10 : 30;
  const scene = await openScene({ accounts: ACCOUNTS, latency: '60:200' });
  try {
    await scene.fleet({ size: PROCESSES });
    // Whatever happens for the first time belongs to no block.
    await block(scene, 'none', 5, 0);
    const p99s: Record<Trouble, number[]> = { none: [], 'no quota': [], blocked: [] };
    let from = BLOCK;
    for (let pair = 0; pair < pairs; pair += 1) {
      for (const trouble of ['none', 'no quota', 'none', 'blocked'] as const) {
        const p99 = await block(scene, trouble, seconds, from);
        from += BLOCK;
        p99s[trouble].push(p99);
        say(`${trouble}: p99 ${p99} ms`);
      }
    }
    const calm = median(p99s.none);
    const changes = {
      'no quota': median(p99s['no quota']) / calm - 1,
      blocked: median(p99s.blocked) / calm - 1,
    };
    const shown = Object.entries(changes).map(([name, change]) => `${name} ${percent(change)}`);
    return {
      name: 'neighbours',
      promise: 'P14',
      target: `one of ${ACCOUNTS} accounts in trouble: others’ p99 changes ≤ ${percent(MOST_CHANGE)}`,
      measured: `p99 ${calm} ms; with ${shown.join(', with ')}`,
      held: Object.values(changes).every((change) => change <= MOST_CHANGE),
      details: { accounts: ACCOUNTS, perSecond: PER_SECOND, seconds, p99s, changes },
    };
  } finally {
    await scene.close();
  }
}

/** Runs a load of all accounts; the 99th percentile of the others, from call to WeChat. */
async function block(
  scene: Scene,
  trouble: Trouble,
  seconds: number,
  from: number,
): Promise<number> {
  const [troubled = '', ...others] = scene.appIds;
  await begin(scene, trouble, troubled);
  const load = startLoad({ ...scene, perSecond: ACCOUNTS * PER_SECOND, customEvery: 0, from });
  await delay(seconds * 1000);
  await load.stop();
  const lanes = lanesOf({ ...scene, appIds: others });
  await untilIdle(lanes, 30_000);
  await scene.takings.refresh();
  const latencies = latenciesOf(scene, load, troubled);
  await end(scene, trouble, troubled);
  return percentile(latencies, 99);
}

function latenciesOf(scene: Scene, load: Load, troubled: string): number[] {
  return [...load.acknowledged].flatMap(([openid, { messageId, calledAt }]) => {
    if (messageId.startsWith(`${troubled}.`)) return [];
    const at = scene.takings.at(openid);
    if (at === undefined) throw new Error(`Expected ${messageId} to be sent, got no trace of it`);
    return [at - calledAt];
  });
}

async function begin({ wechat }: Scene, trouble: Trouble, appId: string): Promise<void> {
  const path = SEND_PATHS.template;
  switch (trouble) {
    case 'none':
      return;
    case 'no quota':
      await wechat.control('POST', 'accounts', { appId, quotas: [{ path, daily: 1, used: 1 }] });
      return;
    case 'blocked':
      await armFault(wechat, {
        path,
        appId,
        accept: true,
        reply: { kind: 'normal' },
        delayMs: 8000,
      });
  }
}

/** The messages of the troubled account go away with its trouble. */
async function end({ wechat, admin, lane }: Scene, trouble: Trouble, appId: string): Promise<void> {
  if (trouble === 'none') return;
  await wechat.control('DELETE', 'faults');
  const quotas = [{ path: SEND_PATHS.template, daily: 1_000_000_000, used: 0 }];
  await wechat.control('POST', 'accounts', { appId, quotas });
  const queue = lane(appId, 'template');
  await queue.drain(true);
  await queue.removeRateLimitKey();
  await admin.del(accountKeys(appId).sleep('template'));
}

function percent(share: number): string {
  return `${share < 0 ? '−' : ''}${Math.abs(share * 100).toFixed(1)} %`;
}
