import type { Action, LineName, PlannedAction } from './action.ts';
import { between, choose, dealer, type Random, seededRandom } from './random.ts';

/**
 * `all`: everything. `workers`: kills and stops only. `recovery`: one kill, and time to recover
 * from it before the next. `redis`: Redis dies again and again.
 */
export const PROFILES = ['all', 'workers', 'recovery', 'redis'] as const;
export type Profile = (typeof PROFILES)[number];

export interface PlanOptions {
  readonly seed: number;
  readonly seconds: number;
  readonly workers: number;
  readonly profile: Profile;
}

/** Things of one sort: how far apart, and what they are. */
interface Stream {
  /** Milliseconds from the end of one action to the next; each is drawn anew. */
  readonly gapMs: readonly [number, number];
  readonly draw: (random: Random, offsetMs: number) => Action;
  /** Whether the next waits until this one is over. */
  readonly oneAtATime: boolean;
}

/** The locks of a worker last 15 s. */
const FREEZE_MS = 16_500;
/** Replies of Redis that hurt: of the ledger's `begin` and `settle`, and of a job handed out. */
const WORKER_REPLIES = ['$2\r\nGO\r\n', '$2\r\nOK\r\n', '$4\r\ndata\r\n'];
/** Of the ledger's `accept`, and of a job that was added. */
const PRODUCER_REPLIES = ['$3\r\nNEW\r\n', '$26\r\n'];

/**
 * Everything that will be done in a run, decided before anything runs: the same seed and options
 * give the same list. Pure.
 */
export function planRun(options: PlanOptions): PlannedAction[] {
  const planned = streamsOf(options).flatMap((stream, index) =>
    // A generator for each stream: changing one leaves the others as they were.
    actionsOf(stream, seededRandom(options.seed * 31 + index), options.seconds * 1000),
  );
  return planned
    .toSorted((left, right) => left.offsetMs - right.offsetMs)
    .map((action, number) => ({ number, ...action }));
}

function streamsOf({ profile, workers }: PlanOptions): Stream[] {
  switch (profile) {
    case 'workers':
      return [workerStream(workers)];
    case 'recovery':
      return [{ gapMs: [27_000, 30_000], oneAtATime: true, draw: killOf(workers) }];
    case 'redis':
      return [{ gapMs: [5000, 6000], oneAtATime: true, draw: killRedis }];
    case 'all':
      return [
        workerStream(workers),
        { gapMs: [3000, 8000], oneAtATime: false, draw: networkFaults(workers) },
        { gapMs: [12_000, 25_000], oneAtATime: true, draw: redisFaults() },
        { gapMs: [8000, 16_000], oneAtATime: false, draw: wechat },
      ];
  }
}

function actionsOf(stream: Stream, random: Random, endMs: number) {
  const actions: Omit<PlannedAction, 'number'>[] = [];
  let offsetMs = 0;
  for (;;) {
    offsetMs += between(random, ...stream.gapMs);
    if (offsetMs >= endMs) return actions;
    const action = stream.draw(random, offsetMs);
    actions.push({ offsetMs, action });
    if (stream.oneAtATime) offsetMs += durationOf(action);
  }
}

/** How long an action lasts; 0 for what is over at once. */
export function durationOf(action: Action): number {
  if (action.kind === 'redis-kill') return action.downMs;
  return 'ms' in action ? action.ms : 0;
}

/** One every 0.7–2.2 s, most of them kills; only one worker at a time is frozen. */
function workerStream(workers: number): Stream {
  let frozenUntil = 0;
  return {
    gapMs: [700, 2200],
    oneAtATime: false,
    draw(random, offsetMs) {
      const worker = between(random, 0, workers - 1);
      const kind = choose(random, [
        ['kill', 72],
        ['freeze', offsetMs < frozenUntil ? 0 : 25],
        ['terminate', 8],
        ['reload-soon', 6],
        ['reload-late', 3],
        ['skewed-clock', 2],
      ]);
      switch (kind) {
        case 'kill':
        case 'terminate':
          return { kind, worker };
        case 'freeze':
          frozenUntil = offsetMs + FREEZE_MS;
          return { kind, worker, ms: FREEZE_MS };
        case 'reload-soon':
          return { kind: 'reload', worker, killAfterMs: 1600 };
        case 'reload-late':
          return { kind: 'reload', worker, killAfterMs: 20_000 };
        case 'skewed-clock':
          return { kind, skewMs: random() < 0.5 ? 3_600_000 : -3_600_000 };
      }
    },
  };
}

function networkFaults(workers: number): Stream['draw'] {
  const deal = dealer(['cut', 'black-hole', 'delay', 'drop-reply', 'fin']);
  const dealLine = dealer<LineName>(['redis', 'redis', 'wechat', 'wechat', 'producer']);
  return (random) => {
    const worker = between(random, 0, workers - 1);
    const line = dealLine(random);
    const kind = deal(random);
    switch (kind) {
      case 'cut':
        return { kind, line, worker };
      case 'black-hole':
        return { kind, line, worker, ms: between(random, 3000, 20_000) };
      case 'delay': {
        const ms = between(random, 2000, 8000);
        return { kind, line, worker, ms, delayMs: between(random, 50, 500) };
      }
      case 'drop-reply': {
        const from = line === 'wechat' ? 'redis' : line;
        const replies = from === 'redis' ? WORKER_REPLIES : PRODUCER_REPLIES;
        const containing = replies[between(random, 0, replies.length - 1)] ?? '';
        return { kind, line: from, worker, containing };
      }
      case 'fin':
        return { kind, worker };
    }
  };
}

function redisFaults(): Stream['draw'] {
  const deal = dealer([
    ...(['redis-kill', 'redis-kill', 'redis-freeze', 'redis-pause', 'redis-readonly'] as const),
    ...(['redis-full', 'redis-forget-scripts', 'redis-drop-clients'] as const),
  ]);
  return (random) => {
    const kind = deal(random);
    switch (kind) {
      case 'redis-kill':
        return killRedis(random);
      case 'redis-freeze':
        return { kind, ms: between(random, 2000, 18_000) };
      case 'redis-pause':
        return { kind, ms: between(random, 1000, 6000) };
      case 'redis-readonly':
        return { kind, ms: 1500 };
      case 'redis-full':
        return { kind, ms: 3000 };
      case 'redis-forget-scripts':
      case 'redis-drop-clients':
        return { kind };
    }
  };
}

function killOf(workers: number): Stream['draw'] {
  return (random) => ({ kind: 'kill', worker: between(random, 0, workers - 1) });
}

function killRedis(random: Random): Action {
  return { kind: 'redis-kill', downMs: between(random, 0, 2000) };
}

function wechat(random: Random): Action {
  const kind = choose(random, [
    ['wechat-hang', 4],
    ['wechat-502', 4],
    ['wechat-token', 3],
  ]);
  switch (kind) {
    case 'wechat-hang':
    case 'wechat-502':
      return { kind, count: between(random, 1, 5), accept: random() < 0.5 };
    case 'wechat-token':
      return { kind, how: random() < 0.5 ? 'expire' : 'revoke' };
  }
}
