import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../src/shared/errors.ts';
import type { PlannedAction } from './action.ts';
import { perform } from './perform.ts';
import type { RunLog } from './run-log.ts';
import { type Performed, performed, type Scene } from './scene.ts';

/** Carries out a plan, each action at its time whatever the others do. In the plan's order. */
export async function conduct(
  scene: Scene,
  plan: readonly PlannedAction[],
  log: RunLog,
): Promise<Performed[]> {
  const began = performance.now();
  const since = (): number => Math.round(performance.now() - began);

  async function carryOut(planned: PlannedAction): Promise<Performed> {
    const startedMs = since();
    const done = await perform(scene, planned.action).catch((error: unknown) => {
      const misbehaved = `${planned.action.kind} could not be done: ${messageOf(error)}`;
      return { ...performed(misbehaved), misbehaved };
    });
    const { outcome, worker } = done;
    const hit = worker === undefined ? {} : { worker };
    log.action({ ...planned, startedMs, endedMs: since(), ...hit, outcome });
    return done;
  }

  const running: Promise<Performed>[] = [];
  for (const planned of plan) {
    await delay(Math.max(0, planned.offsetMs - since()));
    running.push(carryOut(planned));
  }
  return await Promise.all(running);
}
