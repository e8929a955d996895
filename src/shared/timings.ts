import { CourierError } from './errors.ts';

/** Settings that only make sense together; see {@link TIMINGS}. */
export interface Timings {
  /** The whole of one request to WeChat, from connecting to the last byte. */
  readonly httpDeadlineMs: number;
  /** How long a send waits for another token within its attempt. */
  readonly tokenRenewalMs: number;
  /** How long the ledger lets nobody else send a message that somebody began. */
  readonly leaseMs: number;
  /** BullMQ's lock of a job; a worker that lost it must not believe it still has it. */
  readonly lockDurationMs: number;
  /** How often BullMQ looks for jobs whose worker died. */
  readonly stalledIntervalMs: number;
  /** High on purpose: the ledger decides about a message that keeps killing its workers. */
  readonly maxStalledCount: number;
  /** How soon BullMQ tries again what a broken connection kept it from; 15 s by itself. */
  readonly redisRetryMs: number;
  /** `kill_timeout` of the pm2 configuration: after this the process is killed. */
  readonly killTimeoutMs: number;
  /** Waiting times between the attempts of a template message. */
  readonly templateRetryDelaysMs: readonly number[];
  /** No automatic attempt of a template message starts later than this after the first. */
  readonly templateRetryGuardMs: number;
  /** So many interruptions in a row within `poisonWindowMs`, and a message is held to kill its workers. */
  readonly poisonInterruptions: number;
  readonly poisonWindowMs: number;
  /** A message that nobody resolves is unknown for so long, then a dead letter. */
  readonly unknownMs: number;
  /** As long WeChat drops repeats of a `client_msg_id` (WeChat facts §2.3). */
  readonly wechatDedupeMs: number;
}

/** Constants, not variables: a deployment that changes one of them changes the guarantees. */
export const TIMINGS: Timings = Object.freeze({
  httpDeadlineMs: 8_000,
  tokenRenewalMs: 3_000,
  leaseMs: 12_000,
  lockDurationMs: 15_000,
  stalledIntervalMs: 5_000,
  maxStalledCount: 50,
  redisRetryMs: 1_000,
  killTimeoutMs: 20_000,
  templateRetryDelaysMs: Object.freeze([1_000, 5_000, 20_000, 60_000, 120_000, 240_000]),
  templateRetryGuardMs: 480_000,
  poisonInterruptions: 3,
  poisonWindowMs: 3_600_000,
  unknownMs: 24 * 3_600_000,
  wechatDedupeMs: 600_000,
});

/** What {@link checkRelations} compares: the constants, and the one that is configurable. */
export interface RelatedSettings extends Timings {
  readonly shutdownGraceMs: number;
}

/**
 * Makes sure that the settings fit each other.
 *
 * @throws CourierError `ERR_CONFIG` with one line that names the relation that does not hold
 */
export function checkRelations(settings: RelatedSettings): void {
  const broken = relationsOf(settings).find(({ low, high }) => low >= high);
  if (!broken) return;
  const { names, low, high, why } = broken;
  throw new CourierError(
    'ERR_CONFIG',
    `${names[0]} (${low} ms) must be less than ${names[1]} (${high} ms): ${why}`,
  );
}

interface Relation {
  readonly names: readonly [string, string];
  readonly low: number;
  readonly high: number;
  readonly why: string;
}

function relationsOf(settings: RelatedSettings): Relation[] {
  const retries = settings.templateRetryDelaysMs.reduce((sum, delay) => sum + delay, 0);
  return [
    {
      names: ['httpDeadlineMs + tokenRenewalMs', 'leaseMs'],
      low: settings.httpDeadlineMs + settings.tokenRenewalMs,
      high: settings.leaseMs,
      why: 'or a second worker sends while the first still waits for its answer',
    },
    {
      names: ['leaseMs', 'lockDurationMs'],
      low: settings.leaseMs,
      high: settings.lockDurationMs,
      why: 'or BullMQ hands a message on while the ledger still holds it',
    },
    {
      names: ['stalledIntervalMs', 'lockDurationMs'],
      low: settings.stalledIntervalMs,
      high: settings.lockDurationMs,
      why: 'or the messages of a dead worker wait longer than a lock lasts',
    },
    {
      names: ['COURIER_SHUTDOWN_GRACE_MS', 'kill_timeout of pm2'],
      low: settings.shutdownGraceMs,
      high: settings.killTimeoutMs,
      why: 'or the process is killed before it has stopped cleanly',
    },
    {
      names: ['the sum of templateRetryDelaysMs', 'templateRetryGuardMs'],
      low: retries,
      high: settings.templateRetryGuardMs,
      why: 'or the last retries never happen',
    },
    {
      names: ['templateRetryGuardMs + leaseMs', 'wechatDedupeMs'],
      low: settings.templateRetryGuardMs + settings.leaseMs,
      high: settings.wechatDedupeMs,
      why: 'or WeChat may take a retry for a new message',
    },
  ];
}
