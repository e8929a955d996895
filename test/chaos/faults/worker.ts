import { setTimeout as delay } from 'node:timers/promises';
import { startProcess } from '../../helpers/process.ts';
import type { Action } from '../action.ts';
import type { Disturbance } from '../disturbance.ts';
import { leasesOf } from '../in-flight.ts';
import { type Performed, performed, type Scene } from '../scene.ts';

type On<Kind extends Action['kind']> = Extract<Action, { kind: Kind }>;

/** The exit code of a worker whose configuration cannot work. */
const EXIT_CONFIG = 78;
/** A skewed worker must ask Redis first, which may be away. */
const REFUSAL_MS = 45_000;
/** On a busy machine all may be starting at once. */
const VACANCY_MS = 5000;
/** What a stopped process had written has arrived by then, delays of its line included. */
const ARRIVAL_MS = 1000;

export async function kill(scene: Scene, action: On<'kill'>): Promise<Performed> {
  const worker = await someWorker(scene, action.worker);
  if (worker === null) return nobody();
  const pid = scene.fleet.pid(worker) ?? 0;
  const at = Date.now();
  await scene.fleet.kill(worker);
  const disturbance = await aftermath(scene, worker, pid, 'kill', at);
  return { worker, ...performed(`killed ${held(disturbance)}`, disturbance) };
}

/** Stopped for longer than its locks last, then woken. */
export async function freeze(scene: Scene, action: On<'freeze'>): Promise<Performed> {
  const worker = await someWorker(scene, action.worker);
  if (worker === null) return nobody();
  const pid = scene.fleet.pid(worker) ?? 0;
  const from = Date.now();
  scene.fleet.freeze(worker);
  await delay(ARRIVAL_MS);
  const hit = await hitBy(scene, worker, pid);
  await delay(action.ms - ARRIVAL_MS);
  scene.fleet.thaw(worker);
  const disturbance = { what: 'freeze', from, to: Date.now(), hit };
  return { worker, ...performed(`woken after ${action.ms} ms ${held(disturbance)}`, disturbance) };
}

/** SIGTERM, and a look how it leaves. */
export async function terminate(scene: Scene, action: On<'terminate'>): Promise<Performed> {
  return await leave(scene, action.worker, 'SIGTERM', 20_000);
}

/** SIGINT, and SIGKILL for one that is still there after a while, as pm2 does it. */
export async function reload(scene: Scene, action: On<'reload'>): Promise<Performed> {
  return await leave(scene, action.worker, 'SIGINT', action.killAfterMs);
}

async function leave(
  scene: Scene,
  planned: number,
  signal: 'SIGTERM' | 'SIGINT',
  killAfterMs: number,
): Promise<Performed> {
  const worker = await someWorker(scene, planned);
  if (worker === null) return nobody();
  const pid = scene.fleet.pid(worker) ?? 0;
  const from = Date.now();
  const left = await scene.fleet.leave(worker, signal, killAfterMs);
  const outcome = `left with ${left.signal ?? left.code} after ${left.ms} ms`;
  if (left.signal !== 'SIGKILL') {
    const misbehaved = left.code === 0 ? {} : { misbehaved: `asked to leave, it ${outcome}` };
    return { worker, ...performed(outcome), ...misbehaved };
  }
  const disturbance = await aftermath(scene, worker, pid, 'kill', from);
  return { worker, ...performed(`${outcome} ${held(disturbance)}`, disturbance) };
}

/** One more worker whose clock is an hour off; it must not touch anything. */
export async function skewedClock(
  { stage }: Scene,
  { skewMs }: On<'skewed-clock'>,
): Promise<Performed> {
  const preload = `const now = Date.now; Date.now = () => now() + (${skewMs});`;
  const url = `data:text/javascript;base64,${Buffer.from(preload).toString('base64')}`;
  const extra = startProcess('dist/worker/main.js', {
    env: { ...stage.workerEnv(0), NODE_OPTIONS: `--import=${url}` },
  });
  const late = setTimeout(() => void extra.stop('SIGKILL'), REFUSAL_MS);
  const { code, signal } = await extra.exited;
  clearTimeout(late);
  if (code === EXIT_CONFIG) return performed('refused to start');
  const said = extra.stdout.some((line) => line.includes('"msg":"ready"'));
  if (!said && signal === 'SIGKILL') return performed('not done: waited for Redis all the time');
  const misbehaved = `a worker with a clock ${skewMs} ms off: expected exit 78, got ${signal ?? code}`;
  return { ...performed(misbehaved), misbehaved };
}

/** The planned worker if it works, else the next that does, else the first that will. */
async function someWorker({ fleet }: Scene, planned: number): Promise<number | null> {
  const until = performance.now() + VACANCY_MS;
  for (;;) {
    const working = fleet.working();
    const worker = working.find((number) => number >= planned) ?? working[0];
    if (worker !== undefined) return worker;
    if (performance.now() > until) return null;
    await delay(100);
  }
}

function nobody(): Performed {
  return performed('not done: no worker was working');
}

/** What a dead worker left behind. */
async function aftermath(
  scene: Scene,
  worker: number,
  pid: number,
  what: string,
  from: number,
): Promise<Disturbance> {
  const to = Date.now();
  const hit = await hitBy(scene, worker, pid);
  return { what, from, to, hit };
}

/** Whose messages a process has begun and not settled, once what it wrote has arrived. */
async function hitBy(scene: Scene, worker: number, pid: number): Promise<Disturbance['hit']> {
  const { stage, openidOf } = scene;
  const isGone = scene.fleet.pid(worker) !== pid;
  const line = stage.lines[worker]?.redis;
  if (line?.held === true) return 'any';
  if (isGone) await line?.drained().catch(() => undefined);
  const keys = await leasesOf(stage.admin, pid);
  if (keys === null) return 'any';
  return new Set(keys.map((key) => openidOf(key)).filter((openid) => openid !== undefined));
}

function held({ hit }: Disturbance): string {
  return hit === 'any' ? '(Redis could not be asked)' : `with ${hit.size} in flight`;
}
