import type { PlannedAction } from './action.ts';
import type { FleetCounts } from './fleet.ts';
import type { ManifestCounts } from './manifest.ts';
import type { RunOptions } from './options.ts';
import { play, type Played } from './play.ts';
import {
  RECOVERY_MS,
  recoveryTimes,
  RESUMPTION_MS,
  resumptionTimes,
  type Spread,
} from './recovery.ts';
import { openStage } from './stage.ts';
import { type Evidence, judge, type Verdict } from './verdict.ts';
import type { Judgement } from './wechat.ts';

/** How a run went. */
export interface RunResult {
  readonly verdict: Verdict;
  readonly manifest: ManifestCounts;
  readonly fleet: FleetCounts;
  /** What went wrong beside what became of messages; any of it fails the run. */
  readonly complaints: readonly string[];
  /** How often each kind of action was carried out. */
  readonly actions: Readonly<Record<string, number>>;
  readonly wechat: Judgement;
  /** From the kill of a worker until another took up what it had in flight. */
  readonly recovery: { readonly all: Spread; readonly undisturbed: Spread };
  /** From the return of Redis until half the usual throughput. */
  readonly resumption: Spread;
  readonly seconds: number;
  readonly ok: boolean;
  /** The folder with the logs, if it was kept: a run that failed always keeps it. */
  readonly dir: string | null;
}

/** Sends the messages while the plan is carried out, waits until all have come to rest, judges. */
export async function runChaos(
  options: RunOptions,
  plan: readonly PlannedAction[],
  keep: boolean,
): Promise<RunResult> {
  const began = performance.now();
  const stage = await openStage({ workers: options.workers });
  let kept = true;
  try {
    const played = await play(stage, options, plan);
    const verdict = judge(played.evidence);
    const complaints = complaintsOf(played, verdict, options);
    const ok = verdict.ok && complaints.length === 0;
    kept = keep || !ok;
    return {
      ...resultOf(played, verdict, complaints, plan),
      seconds: Math.round((performance.now() - began) / 1000),
      ok,
      dir: kept ? stage.dir : null,
    };
  } finally {
    await stage.close({ keep: kept });
  }
}

function resultOf(
  { manifest, fleet, evidence, wechat, done }: Played,
  verdict: Verdict,
  complaints: readonly string[],
  plan: readonly PlannedAction[],
) {
  const actions: Record<string, number> = {};
  plan.forEach(({ action: { kind } }, index) => {
    if (done[index]?.outcome.startsWith('not done') === false) {
      actions[kind] = (actions[kind] ?? 0) + 1;
    }
  });
  return {
    verdict,
    manifest,
    fleet,
    complaints,
    actions,
    wechat,
    recovery: recoveryTimes(evidence),
    resumption: resumptionOf(evidence),
  };
}

function complaintsOf(played: Played, verdict: Verdict, options: RunOptions): string[] {
  const { done, wechat, settled, fleet, trafficTrouble } = played;
  const complaints = done.flatMap(({ misbehaved }) => misbehaved ?? []);
  if (trafficTrouble !== null) complaints.push(trafficTrouble);
  if (!settled) complaints.push('the lanes did not empty');
  if (fleet.crashes.length > 0)
    complaints.push(`${fleet.crashes.length} workers ended by themselves`);
  if (verdict.acknowledged !== options.messages) {
    complaints.push(`${verdict.acknowledged} of ${options.messages} messages were acknowledged`);
  }
  complaints.push(...lateness(played, options));
  const theirs = [wechat.template.duplicates, wechat.custom.duplicates];
  const ours = [verdict.duplicatedTemplates, verdict.duplicatedCustoms];
  if (theirs.join() !== ours.join()) {
    complaints.push(`the simulator counts ${theirs.join(' and ')} duplicates, we ${ours.join()}`);
  }
  return complaints;
}

/** Times that are a promise where nothing else is wrong. */
function lateness({ evidence }: Played, { profile }: RunOptions): string[] {
  switch (profile) {
    case 'recovery':
      return late(
        'messages of a killed worker taken up',
        recoveryTimes(evidence).undisturbed,
        RECOVERY_MS,
      );
    case 'redis':
      return late('sending again after an outage', resumptionOf(evidence), RESUMPTION_MS);
    case 'all':
    case 'workers':
      return [];
  }
}

function late(what: string, { count, max }: Spread, limitMs: number): string[] {
  if (max === null) return [`${what}: expected at least one, got none`];
  return max > limitMs ? [`${what} (${count}): expected at most ${limitMs} ms, got ${max}`] : [];
}

function resumptionOf({ disturbances, taken }: Evidence): Spread {
  const outages = disturbances.filter(
    ({ what, from, to }) => what.startsWith('Redis') && to > from,
  );
  return resumptionTimes(
    taken.map(({ at }) => at),
    outages,
  );
}
