import type { Attempt, DeadReason, Kind, MessageState, Redrive } from '../outcome.ts';

/**
 * The per-message record that outlives the job: the only truth about whether a message was
 * sent. BullMQ may run a job twice or lose an event; `begin` before the POST and `settle` after
 * it, both atomic and on Redis' own clock, make that harmless (docs/decisions/0001-ledger.md).
 *
 * Every call is for messages of one account. Calls made in the same turn of the event loop
 * travel together in one script call.
 */
export interface Ledger {
  /** Records new ids; says which were known already. Keeps nothing of the message itself. */
  accept(requests: readonly AcceptRequest[]): Promise<Acceptance[]>;
  /** May this run POST now? A `go` holds the lease and must be settled. */
  begin(request: BeginRequest): Promise<Begun>;
  /** Writes what became of a run. */
  settle(request: SettleRequest): Promise<Settled>;
  /** Resolves to `cancelled`, to the state that forbids it, or to null for an unknown id. */
  cancel(messageKey: string): Promise<StoredState | null>;
  /**
   * A dead message becomes `queued` with a fresh budget; any other state is left and returned.
   * `stale`: it was redriven more than `redrives` times and is dead again, which another letter
   * says.
   */
  redrive(messageKey: string, kind: Kind, redrives: number): Promise<StoredState | 'stale'>;
  read(messageKey: string): Promise<LedgerRecord | null>;
  /** Forgets a dead message that a person purged; false if it is not dead. */
  forget(messageKey: string): Promise<boolean>;
  /** Message keys that are dead but whose dead letter has not been confirmed, oldest first. */
  pendingDeadLetters(limit: number): Promise<string[]>;
  /** The dead letter of this message exists. */
  confirmDeadLetter(messageKey: string): Promise<void>;
  /** The jobs of these accepted messages are in the lane. */
  confirmHandover(messageKeys: readonly string[]): Promise<void>;
  /** Message keys accepted at least `minAgeMs` ago whose job was never confirmed, oldest first. */
  openHandovers(minAgeMs: number, limit: number): Promise<string[]>;
  /** Forgets a waiting message that never reached its lane; false if it is none (any more). */
  dropOrphan(messageKey: string, minAgeMs: number): Promise<boolean>;
  /** Message keys that are unknown for at least `minAgeMs`, oldest first, from `start` on. */
  unknown(minAgeMs: number, start: number, limit: number): Promise<string[]>;
  /** The unknown messages and since when they are, epoch ms, oldest first, from `start` on. */
  doubts(
    start: number,
    limit: number,
  ): Promise<{ readonly messageKey: string; readonly since: number }[]>;
  countUnknown(): Promise<number>;
  /**
   * Ends the doubt about an unknown message that has been one for at least `minAgeMs`, and only
   * the doubt that came after so many `redrives`, where they are given.
   */
  resolve(
    messageKey: string,
    to: Resolution,
    minAgeMs: number,
    redrives?: number,
  ): Promise<Resolved>;
}

/**
 * What becomes of an unknown message: a person knows that it was sent, or wants it sent (again)
 * with a fresh budget (`queued`); `dead` when nobody said anything for too long.
 */
export type Resolution = 'sent' | 'queued' | 'dead';

/** `now`: this very call resolved it. State null: no such message. */
export interface Resolved {
  readonly state: StoredState | null;
  readonly now: boolean;
}

/** What a record can say; `scheduled` is derived from `queued` and its due time. */
export type StoredState = Exclude<MessageState, 'scheduled'>;

export interface AcceptRequest {
  readonly messageKey: string;
  readonly kind: Kind;
  /** Only with a caller's id: tells a repetition from a conflict. */
  readonly contentHash?: string;
  /** The openid, for the search index; the record does not keep it. */
  readonly recipient?: string;
  /** Epoch ms before which it is not to be sent. */
  readonly due?: number;
}

export type Acceptance =
  | { readonly kind: 'new' }
  /** Known, same content. `queued` means that it may never have reached the lane. */
  | { readonly kind: 'known'; readonly state: StoredState }
  | { readonly kind: 'conflict' };

export interface BeginRequest {
  readonly messageKey: string;
  readonly kind: Kind;
  /** Another one for each run: who asks again with the same got its first answer lost. */
  readonly owner: string;
  readonly expiresAt?: number | undefined;
  /** Custom messages whose caller prefers a second copy to none. */
  readonly resend: boolean;
}

export type Begun =
  | {
      readonly kind: 'go';
      /** Proof of the lease, for `settle`. */
      readonly fence: string;
      /** Attempts already spent of the budget. */
      readonly spent: number;
      /** Attempts recorded in all, whether they spent budget or not. */
      readonly attempts: number;
      /** Start of the first attempt that may have gone out. */
      readonly ambiguousSince?: number | undefined;
      readonly tokenGeneration: string;
    }
  /** Another run holds the lease. */
  | { readonly kind: 'busy'; readonly retryInMs: number }
  /**
   * Nothing is to be sent. `now`: this very call ended the message: expired, poison, or unknown;
   * the reason only then, and of a death.
   */
  | {
      readonly kind: 'ended';
      readonly state: StoredState;
      readonly now: boolean;
      readonly reason?: DeadReason | undefined;
    };

export interface SettleRequest {
  readonly messageKey: string;
  readonly owner: string;
  readonly fence: string;
  readonly to: Settlement;
  /** Absent when the run never was an attempt (token, limit, pause, shutdown). */
  readonly attempt?: Omit<Attempt, 'number' | 'at'> | undefined;
  /** Whether the attempt counts against the retry budget. */
  readonly spends: boolean;
  /** The attempt may have gone out. */
  readonly ambiguous: boolean;
}

export type Settlement =
  | { readonly state: 'sent'; readonly wechatMsgId?: string | undefined }
  | { readonly state: 'held' | 'retry' | 'snooze' | 'unknown' }
  | { readonly state: 'dead'; readonly reason: DeadReason; readonly errcode?: number | undefined };

/** `stale`: this run had lost its lease, what it wanted to write was ignored. */
export type Settled = 'ok' | 'already-sent' | 'stale';

export interface LedgerRecord {
  readonly kind: Kind;
  readonly state: StoredState;
  readonly acceptedAt: number;
  readonly due?: number;
  readonly endedAt?: number;
  readonly reason?: DeadReason;
  readonly errcode?: number;
  readonly wechatMsgId?: string;
  /** Said by a person, not by WeChat. */
  readonly settledBy?: 'person';
  readonly redrives: number;
  /** The latest of them, oldest first; none of those before this was recorded. */
  readonly redriven?: readonly Redrive[];
  readonly attempts: readonly Attempt[];
}
