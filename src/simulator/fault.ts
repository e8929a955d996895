import { z } from 'zod';
import type { SimulatorClock } from './clock.ts';
import type { Random } from './random.ts';

const milliseconds = z.number().min(0).max(600_000);

/** What happens to the reply on its way. `normal` only makes sense together with a delay. */
export const damageSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('normal') }),
  /** The connection is reset, nothing was sent. */
  z.strictObject({ kind: z.literal('reset') }),
  /** No reply, and the connection stays open. */
  z.strictObject({ kind: z.literal('hang') }),
  /** Half of the announced bytes, then the connection ends. */
  z.strictObject({ kind: z.literal('cut') }),
  /** A complete reply whose JSON stops halfway. */
  z.strictObject({ kind: z.literal('truncated') }),
  /** 502 with an HTML page. */
  z.strictObject({ kind: z.literal('bad-gateway') }),
  /** 200 without a body. */
  z.strictObject({ kind: z.literal('empty') }),
  /** A body that does not end for `bytes`. */
  z.strictObject({
    kind: z.literal('huge'),
    bytes: z.number().int().min(1).max(1_000_000_000).default(100_000_000),
  }),
  /** One byte at a time. */
  z.strictObject({ kind: z.literal('drip'), everyMs: z.number().min(1).max(60_000).default(100) }),
  /** The right reply and, unasked, a second one that says ok. */
  z.strictObject({ kind: z.literal('two-replies') }),
  z.strictObject({
    kind: z.literal('redirect'),
    location: z.string().default('http://127.0.0.1:9/moved'),
  }),
  /** Another errcode than the real one; -1 is the busy system. */
  z.strictObject({
    kind: z.literal('errcode'),
    errcode: z.number().int(),
    errmsg: z.string().optional(),
  }),
]);
export type Damage = z.infer<typeof damageSchema>;

/** A fault: which requests it meets, whether WeChat still does the work, what the reply is. */
export const faultSchema = z
  .strictObject({
    /** Absent conditions match everything. */
    path: z.string().startsWith('/').optional(),
    appId: z.string().optional(),
    openid: z.string().optional(),
    bodyContains: z.string().min(1).optional(),

    /** True: the request is processed first, and then the damage is done (ambiguous). */
    accept: z.boolean(),
    reply: damageSchema,
    /** Before processing. */
    delayMs: milliseconds.default(0),
    /** After processing, on top of the latency. */
    replyDelayMs: milliseconds.default(0),

    /** Let this many matching requests pass first. */
    skip: z.number().int().min(0).default(0),
    /** Then meet this many; without it, until deleted. */
    count: z.number().int().min(1).optional(),
    /** Of the requests that match, with the seeded generator. */
    probability: z.number().min(0).max(1).default(1),
  })
  .refine((fault) => fault.accept || fault.reply.kind !== 'normal', {
    path: ['reply'],
    message: 'a request that is not accepted cannot get its normal reply',
  });
export type FaultSpec = z.infer<typeof faultSchema>;

/** What a fault is matched against. */
export interface FaultTarget {
  readonly path: string;
  readonly appId: string | undefined;
  readonly openid: string | undefined;
  readonly body: string;
}

export interface ArmedFault {
  readonly id: number;
  readonly spec: FaultSpec;
  /** How many matching requests it has let pass. */
  passed: number;
  /** How many requests it has met. */
  met: number;
}

/** One request that met a fault: what explains, message by message, why its answer was lost. */
export interface Encounter {
  readonly seq: number;
  readonly at: number;
  /** Of the fault. */
  readonly id: number;
  readonly kind: Damage['kind'];
  /** Whether the request was processed all the same. */
  readonly accept: boolean;
  readonly path: string;
  readonly appId: string | undefined;
  readonly openid: string | undefined;
}

/** The faults switched on, tried in the order they were added; a request meets at most one. */
export class Faults {
  readonly #random: Random;
  readonly #clock: SimulatorClock;
  #armed: ArmedFault[] = [];
  #lastId = 0;
  #encounters: Encounter[] = [];

  constructor(deps: { random: Random; clock: SimulatorClock }) {
    this.#random = deps.random;
    this.#clock = deps.clock;
  }

  /** True while nothing is switched on, which spares every request the search. */
  get none(): boolean {
    return this.#armed.length === 0;
  }

  add(spec: FaultSpec): ArmedFault {
    this.#lastId += 1;
    const fault = { id: this.#lastId, spec, passed: 0, met: 0 };
    this.#armed.push(fault);
    return fault;
  }

  all(): readonly ArmedFault[] {
    return this.#armed;
  }

  /** Switches one off, or all of them; false when there was none. */
  remove(id?: number): boolean {
    const before = this.#armed.length;
    this.#armed = id === undefined ? [] : this.#armed.filter((fault) => fault.id !== id);
    return this.#armed.length < before;
  }

  /** The fault this request meets, counted. A spent one stays listed, so it can be read. */
  take(target: FaultTarget): FaultSpec | undefined {
    for (const fault of this.#armed) {
      if (!matches(fault.spec, target)) continue;
      if (fault.spec.count !== undefined && fault.met >= fault.spec.count) continue;
      if (fault.passed < fault.spec.skip) {
        fault.passed += 1;
        continue;
      }
      if (fault.spec.probability < 1 && this.#random() >= fault.spec.probability) continue;
      fault.met += 1;
      this.#note(fault, target);
      return fault.spec;
    }
    return undefined;
  }

  /** Up to `limit` encounters after sequence number `since`, in order. */
  encounters(since: number, limit: number): readonly Encounter[] {
    return this.#encounters.slice(since, since + limit);
  }

  forgetEncounters(): void {
    this.#encounters = [];
  }

  #note({ id, spec }: ArmedFault, { path, appId, openid }: FaultTarget): void {
    const seq = this.#encounters.length + 1;
    const { accept, reply } = spec;
    const at = this.#clock.now();
    this.#encounters.push({ seq, at, id, kind: reply.kind, accept, path, appId, openid });
  }
}

function matches(spec: FaultSpec, target: FaultTarget): boolean {
  return (
    (spec.path === undefined || spec.path === target.path) &&
    (spec.appId === undefined || spec.appId === target.appId) &&
    (spec.openid === undefined || spec.openid === target.openid) &&
    (spec.bodyContains === undefined || target.body.includes(spec.bodyContains))
  );
}
