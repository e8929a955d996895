import path from 'node:path';
import { showProgress } from '../../src/local/progress.ts';
import { createProducer } from '../../src/producer/index.ts';
import { messageOf } from '../../src/shared/errors.ts';
import type { PlannedAction } from './action.ts';
import { conduct } from './conduct.ts';
import { gatherEvidence } from './evidence.ts';
import { loseReplies } from './faults/wechat.ts';
import { createFleet, type FleetCounts } from './fleet.ts';
import { createManifest, type Manifest, type ManifestCounts } from './manifest.ts';
import type { RunOptions } from './options.ts';
import { openRunLog } from './run-log.ts';
import type { Performed, Scene } from './scene.ts';
import { comeToRest } from './settling.ts';
import { APP_ID, type Stage } from './stage.ts';
import { sendTraffic } from './traffic.ts';
import type { Evidence } from './verdict.ts';
import type { Judgement } from './wechat.ts';

/** A run that is over, before anybody has judged it. */
export interface Played {
  readonly manifest: ManifestCounts;
  readonly fleet: FleetCounts;
  /** In the order of the plan. */
  readonly done: readonly Performed[];
  readonly evidence: Evidence;
  readonly wechat: Judgement;
  /** All messages have come to rest. */
  readonly settled: boolean;
  /** Why not all messages were handed over, if so. */
  readonly trafficTrouble: string | null;
}

/** Plays a plan on a stage: traffic and faults together, then calm, then the books. */
export async function play(
  stage: Stage,
  options: RunOptions,
  plan: readonly PlannedAction[],
): Promise<Played> {
  const { messages, workers } = options;
  const manifest = createManifest({ total: messages });
  const fleet = createFleet({ size: workers, dir: stage.dir, env: stage.workerEnv });
  const producer = createProducer({ redisUrl: stage.producerUrl, accounts: [{ appId: APP_ID }] });
  const scene: Scene = { stage, fleet, openidOf: (key) => manifest.openidOf(key) };
  try {
    await fleet.start();
    await loseReplies(scene);
    const [done, trafficTrouble] = await underFaults(scene, options, plan, () =>
      send(producer, manifest, options),
    );
    await stage.wechat.control('DELETE', 'faults');
    const settled = await rest(stage);
    const inflicted = done.flatMap(({ disturbances }) => disturbances);
    const evidence = await gatherEvidence(stage, producer, manifest, inflicted);
    const wechat = await stage.wechat.judge();
    const { counts } = manifest;
    return {
      manifest: counts,
      fleet: fleet.counts,
      done,
      evidence,
      wechat,
      settled,
      trafficTrouble,
    };
  } finally {
    await producer.close();
    await fleet.stop();
  }
}

async function underFaults(
  scene: Scene,
  options: RunOptions,
  plan: readonly PlannedAction[],
  traffic: () => Promise<void>,
): Promise<[done: Performed[], trafficTrouble: string | null]> {
  const log = openRunLog(path.join(scene.stage.dir, 'run.jsonl'), options);
  try {
    const trouble = traffic().then(() => null, messageOf);
    return await Promise.all([conduct(scene, plan, log), trouble]);
  } finally {
    await log.close();
  }
}

async function send(
  producer: Parameters<typeof sendTraffic>[0]['producer'],
  manifest: Manifest,
  { seconds }: RunOptions,
): Promise<void> {
  const what = 'acknowledged';
  const progress = showProgress({ total: manifest.total, what, withoutTerminal: 'plain' });
  try {
    await sendTraffic({ producer, manifest, seconds, onProgress: progress.update });
  } finally {
    progress.stop();
  }
}

/** Says every ten seconds how many are still on their way. */
async function rest(stage: Stage): Promise<boolean> {
  let toldAt = performance.now();
  return await comeToRest(stage, (left) => {
    if (performance.now() - toldAt < 10_000) return;
    toldAt = performance.now();
    process.stderr.write(`  ${left} still on their way\n`);
  });
}
