import type { Kind } from '../../src/shared/outcome.ts';
import type { CrashPoint } from './point.ts';
import type { Site } from './site.ts';

/** How a message may end. */
export type End = 'sent' | 'dead' | 'unknown';

/** One story of one message, told up to its end however often a process dies in it. */
export interface Scenario {
  readonly name: string;
  readonly kind: Kind;
  /** Arranges WeChat and Redis, before any process of the story starts. */
  readonly prepare: (site: Site) => Promise<void>;
  /**
   * Who dies. `worker`: the message waits in its lane, and workers follow each other. Otherwise a
   * caller: it asks, dies, and asks again, and a worker that never dies does the rest.
   */
  readonly victim: 'worker' | 'enqueue' | 'redrive';
  /** False: a caller that died does not come back. Default true. */
  readonly repeats?: boolean;
  /** Where an earlier process died already, so that a recovery is what is enumerated. */
  readonly diedBefore?: CrashPoint;
  /** Points before this one are those of another scenario. Default: all. */
  readonly from?: CrashPoint;
  /** How the message ends when no process dies while it may be sending. */
  readonly end: End;
  /**
   * Calls to the token endpoint that a story without a death needs, those of `prepare` included;
   * each death may cost one more. Undefined where waiting for WeChat takes an open number.
   */
  readonly tokenFetches: number | undefined;
}
