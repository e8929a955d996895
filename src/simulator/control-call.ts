import type { Adversaries } from './adversary.ts';
import type { World } from './world.ts';

/** One request to the control API, its body parsed. */
export interface ControlCall {
  readonly method: string;
  readonly route: string;
  /** What follows the route, such as a fault's id. */
  readonly rest: string | undefined;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

export interface ControlReply {
  readonly status: number;
  readonly json: unknown;
}

export interface ControlDeps {
  readonly world: World;
  readonly adversaries: Adversaries;
}

export function done(json: unknown = { ok: true }): ControlReply {
  return { status: 200, json };
}
