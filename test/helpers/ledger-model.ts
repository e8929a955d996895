import type { DeadReason, Kind, VerdictClass } from '../../src/shared/outcome.ts';

/** What a run may settle as: the shapes that the worker produces, and no others. */
export const ENDINGS = {
  sent: { to: 'sent', verdict: 'ok', spends: true, ambiguous: false },
  held: { to: 'held', verdict: 'held-review', spends: true, ambiguous: false },
  refused: { to: 'retry', verdict: 'transient', spends: true, ambiguous: false },
  unreached: { to: 'retry', verdict: 'not-sent', spends: false, ambiguous: false },
  unclear: { to: 'retry', verdict: 'ambiguous', spends: true, ambiguous: true },
  parked: { to: 'unknown', verdict: 'ambiguous', spends: true, ambiguous: true },
  snoozed: { to: 'snooze', verdict: undefined, spends: false, ambiguous: false },
  died: { to: 'dead', verdict: 'permanent-recipient', spends: true, ambiguous: false },
} as const satisfies Record<
  string,
  {
    to: 'sent' | 'held' | 'retry' | 'snooze' | 'unknown' | 'dead';
    verdict: VerdictClass | undefined;
    spends: boolean;
    ambiguous: boolean;
  }
>;
export type Ending = keyof typeof ENDINGS;

/** One `go`: who has it, and whether it may have left something at WeChat. */
export interface Ticket {
  readonly owner: string;
  readonly fence: string;
  readonly generation: number;
  may: 'be out' | 'not be out';
}

type State =
  | 'none'
  | 'queued'
  | 'sending'
  | 'retrying'
  | 'sent'
  | 'held'
  | 'unknown'
  | 'dead'
  | 'cancelled';

const OPEN: readonly State[] = ['none', 'queued', 'retrying', 'sending'];
const EXPIRING: readonly State[] = ['sent', 'held', 'cancelled'];

/** The one suspect of poison that is tried; those of one account share it. */
export interface Trial {
  suspect: MessageModel | null;
}

/** What the ledger should know of one message: the state table, without Redis and without time. */
export class MessageModel {
  readonly kind: Kind;
  readonly resend: boolean;
  state: State = 'none';
  hash = '';
  live: Ticket | null = null;
  lapsed = false;
  /** An attempt may be out; `old`: longer ago than WeChat is trusted to remember it. */
  doubt: 'none' | 'fresh' | 'old' = 'none';
  spent = 0;
  redrives = 0;
  /** Of each redrive the reason of death that it undid, or the state. */
  undone: string[] = [];
  log: VerdictClass[] = [];
  reason: DeadReason | undefined;
  pendingLetter = false;
  listedUnknown = false;
  /** Its job may not be in the lane. */
  handover = false;
  /** Interruptions since the last attempt that came to its end. */
  row = 0;
  settledBy: 'person' | undefined;
  readonly tickets: Ticket[] = [];
  readonly #budget: number;
  readonly #poison: number;
  readonly #trial: Trial;

  constructor(
    kind: Kind,
    resend: boolean,
    limits: { budget: number; poison: number },
    trial: Trial,
  ) {
    this.kind = kind;
    this.resend = resend;
    this.#budget = limits.budget;
    this.#poison = limits.poison;
    this.#trial = trial;
  }

  /** Sent after it died: known for as long as its dead letter is listed. */
  listedDead = false;

  get expires(): boolean {
    return EXPIRING.includes(this.state) && !this.listedDead;
  }

  accept(hash: string): 'new' | 'known' | 'conflict' {
    if (this.state !== 'none' && this.hash !== hash) return 'conflict';
    const isNew = this.state === 'none';
    if (isNew) {
      this.state = 'queued';
      this.hash = hash;
    }
    if (this.state === 'queued') this.handover = true;
    return isNew ? 'new' : 'known';
  }

  begin(expired: boolean): 'go' | 'busy' | 'ended' {
    if (!OPEN.includes(this.state)) return 'ended';
    const interrupted = this.state === 'sending';
    if (interrupted && !this.lapsed) return 'busy';
    if (interrupted) {
      if (this.doubt === 'none') this.doubt = 'fresh';
      this.#attempt('ambiguous', true);
      this.row += 1;
    }
    this.live = null;
    const isSuspect = this.row >= this.#poison - 1;
    if (isSuspect) this.#leaveTrial();
    const atMostOnce = this.kind === 'custom' && !this.resend;
    if (interrupted && !atMostOnce && this.row >= this.#poison) {
      this.#die('poison');
      return 'ended';
    }
    const parked = interrupted && (atMostOnce || this.spent >= this.#budget);
    const doubtedCustom = this.kind === 'custom' && this.doubt !== 'none';
    if (
      parked ||
      (this.kind === 'template' && this.doubt === 'old') ||
      (doubtedCustom && expired)
    ) {
      this.state = 'unknown';
      this.listedUnknown = true;
      return 'ended';
    }
    if (expired && this.doubt !== 'none') {
      this.state = 'retrying';
      return 'busy';
    }
    if (expired) {
      this.#die('expired');
      return 'ended';
    }
    if (isSuspect && this.#trial.suspect) {
      this.state = 'retrying';
      return 'busy';
    }
    if (isSuspect) this.#trial.suspect = this;
    this.state = 'sending';
    this.lapsed = false;
    return 'go';
  }

  went(owner: string, fence: string): Ticket {
    const ticket: Ticket = { owner, fence, generation: this.redrives, may: 'be out' };
    this.live = ticket;
    this.tickets.push(ticket);
    return ticket;
  }

  settle(ticket: Ticket, ending: Ending): 'ok' | 'already-sent' | 'stale' {
    const { to, verdict, spends, ambiguous } = ENDINGS[ending];
    if (this.state === 'sent') return 'already-sent';
    const mine = this.state === 'sending' && this.live === ticket;
    if (to !== 'sent' && !mine) return 'stale';
    if (!ambiguous && to !== 'sent' && to !== 'held') ticket.may = 'not be out';
    const doubted = this.doubt !== 'none' || this.spent > 0;
    this.#leaveTrial();
    if (verdict) {
      this.#attempt(verdict, spends);
      this.row = 0;
    }
    this.live = null;
    switch (to) {
      case 'retry':
      case 'snooze':
        if (ambiguous && this.doubt === 'none') this.doubt = 'fresh';
        this.state = to === 'retry' || doubted ? 'retrying' : 'queued';
        return 'ok';
      case 'dead':
        this.#die('permanent-recipient');
        return 'ok';
      case 'unknown':
        this.state = 'unknown';
        this.listedUnknown = true;
        return 'ok';
      case 'sent':
      case 'held':
        this.listedDead = this.state === 'dead';
        this.state = to;
        this.reason = undefined;
        this.listedUnknown = false;
        return 'ok';
    }
  }

  cancel(): boolean {
    const waits = this.state === 'queued' || this.state === 'retrying';
    if (waits && this.doubt === 'none') this.state = 'cancelled';
    return this.state === 'cancelled';
  }

  redrive(): void {
    if (this.state === 'sent') this.listedDead = false;
    if (this.state !== 'dead' && this.state !== 'none') return;
    this.#queueAgain(this.reason ?? 'dead');
    this.reason = undefined;
    this.pendingLetter = false;
  }

  /** The job is in its lane. */
  confirmHandover(): void {
    this.handover = false;
  }

  /** Only of a message that no run ever had. */
  dropOrphan(): boolean {
    const dropped = this.handover && this.state === 'queued';
    this.handover = false;
    if (!dropped) return false;
    this.state = 'none';
    this.hash = '';
    this.redrives = 0;
    this.undone = [];
    return true;
  }

  resolve(to: 'sent' | 'queued' | 'dead'): boolean {
    if (this.state !== 'unknown') return false;
    this.listedUnknown = false;
    this.row = 0;
    if (to === 'dead') {
      this.#die('ambiguous');
    } else if (to === 'queued') {
      this.#queueAgain('unknown');
      this.handover = true;
    } else {
      this.state = 'sent';
      this.settledBy = 'person';
    }
    return true;
  }

  #queueAgain(undone: string): void {
    this.undone.push(undone);
    this.state = 'queued';
    this.redrives += 1;
    this.spent = 0;
    this.doubt = 'none';
    this.row = 0;
  }

  #leaveTrial(): void {
    if (this.#trial.suspect === this) this.#trial.suspect = null;
  }

  #attempt(verdict: VerdictClass, spends: boolean): void {
    this.log.push(verdict);
    if (spends) this.spent += 1;
  }

  #die(reason: DeadReason): void {
    this.state = 'dead';
    this.reason = reason;
    this.pendingLetter = true;
    if (reason === 'poison') this.row = 0;
  }
}
