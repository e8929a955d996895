import type { SimulatorClock } from './clock.ts';

export type MessageKind = 'template' | 'custom';

/**
 * What became of a message we took: shown to the recipient, absorbed as a repeat of another, or
 * held for review and then approved (shown after all) or rejected.
 */
export type Fate =
  | { readonly kind: 'shown' }
  | { readonly kind: 'absorbed' }
  | { readonly kind: 'held'; readonly until: number; readonly ending: 'approve' | 'reject' };

/** One message WeChat took responsibility for. It never names a token or a secret. */
export interface RecordEntry {
  readonly seq: number;
  readonly at: number;
  readonly kind: MessageKind;
  readonly appId: string;
  readonly openid: string;
  readonly clientMsgId: string | undefined;
  /** Decimal text; customer-service messages have none. */
  readonly msgid: string | undefined;
  /** Only where nothing else tells messages apart: hashing costs more than the rest of a send. */
  readonly contentHash: string | undefined;
  /** Which token was used, as `stable#3`. */
  readonly token: string;
  readonly fate: Fate;
  readonly shown: Readonly<Record<string, string>> | undefined;
  readonly body: string | undefined;
}

export type NewEntry = Omit<RecordEntry, 'seq' | 'at'>;

/** Everything taken, in order, written before the sender gets its answer. */
export class AcceptRecord {
  readonly #clock: SimulatorClock;
  #entries: RecordEntry[] = [];
  /** The sequence number before the first entry kept; numbers are not used again. */
  #base = 0;

  constructor(deps: { clock: SimulatorClock }) {
    this.#clock = deps.clock;
  }

  /** Field by field: this runs for every message of a benchmark, and spreading is slow. */
  add(entry: NewEntry): void {
    this.#entries.push({
      seq: this.#base + this.#entries.length + 1,
      at: this.#clock.now(),
      kind: entry.kind,
      appId: entry.appId,
      openid: entry.openid,
      clientMsgId: entry.clientMsgId,
      msgid: entry.msgid,
      contentHash: entry.contentHash,
      token: entry.token,
      fate: entry.fate,
      shown: entry.shown,
      body: entry.body,
    });
  }

  get entries(): readonly RecordEntry[] {
    return this.#entries;
  }

  /** Up to `limit` entries after sequence number `since`. */
  page(since: number, limit: number): readonly RecordEntry[] {
    const start = Math.max(0, since - this.#base);
    return this.#entries.slice(start, start + limit);
  }

  clear(): void {
    this.#base += this.#entries.length;
    this.#entries = [];
  }
}
