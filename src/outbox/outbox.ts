/** A row that waits to be handed over. */
export interface OutboxRow {
  readonly rowId: string;
  /** What the caller wrote; not looked at yet. */
  readonly envelope: unknown;
}

/** What becomes of a row. */
export type RowFate =
  /** The message is in its lane: the row goes. */
  | { readonly kind: 'handed-over'; readonly duplicate: boolean }
  /** It can never be accepted as it is: the row stays, marked, until a person repairs it. */
  | { readonly kind: 'rejected'; readonly code: string; readonly reason: string }
  /** Not now: the row stays as it is and comes again. */
  | { readonly kind: 'kept'; readonly retryAfterMs: number };

/** How much there is, by the clock of the database. */
export interface Backlog {
  readonly waiting: number;
  /** Age of the row that has waited longest; 0 if none does. */
  readonly lagSeconds: number;
  readonly rejected: number;
}

/** A row that was marked, as a person sees it. */
export interface RejectedRow extends OutboxRow {
  /** Epoch ms. */
  readonly rejectedAt: number;
  readonly code: string;
  readonly reason: string;
}

/** The outbox table of one database, whichever it is. */
export interface Outbox {
  /**
   * Takes up to `limit` rows that nobody else holds, oldest first, and writes down what became of
   * each in the same transaction. If this process or the database dies before that is committed,
   * the rows come again: whatever `handOver` does must bear repeating.
   */
  drain(
    limit: number,
    handOver: (rows: readonly OutboxRow[]) => Promise<readonly RowFate[]>,
  ): Promise<readonly RowFate[]>;
  backlog(): Promise<Backlog>;
  /** Marked rows, the latest first. */
  rejected(limit: number): Promise<RejectedRow[]>;
  /** Lets marked rows wait again: those named, or all. @returns how many */
  retry(rowIds: readonly string[] | 'all'): Promise<number>;
  close(): Promise<void>;
}

/** How long a database may take to connect, and to answer, in milliseconds. */
export const CONNECT_MS = 5000;
export const QUERY_MS = 10_000;
/** A relay that stands still loses its rows to others after this time, in seconds. */
export const IDLE_SECONDS = 30;

/** The rows that go, and those that are marked, as both databases write them. */
export function sorted(rows: readonly OutboxRow[], fates: readonly RowFate[]) {
  const gone: string[] = [];
  const marked: { rowId: string; code: string; reason: string }[] = [];
  rows.forEach(({ rowId }, index) => {
    const fate = fates[index];
    if (fate?.kind === 'handed-over') gone.push(rowId);
    if (fate?.kind === 'rejected')
      marked.push({ rowId, code: fate.code, reason: fate.reason.slice(0, MOST_REASON) });
  });
  return { gone, marked };
}

/** What fits into the column of every database. */
const MOST_REASON = 1000;
