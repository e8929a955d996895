import type { Kind } from '../shared/outcome.ts';
import type { OpenLanes } from './lanes.ts';

/** A message that its account’s set has as unknown; its record may say otherwise by now. */
export interface Doubt {
  readonly appId: string;
  readonly key: string;
  /** Epoch milliseconds. */
  readonly since: number;
}

/** The unknown messages of many accounts as one row, oldest first. */
export interface Doubts {
  /** The next ones; fewer, or none, only at the end. */
  take(count: number): Promise<Doubt[]>;
  /** Some were not looked at, since they are too many. */
  isCut(): boolean;
}

export interface DoubtFilter {
  /** Those that are certainly of the other kind are left out. */
  readonly kind?: Kind;
  readonly since?: number;
}

/** Keys of one account that are read in one go; of most of them a filter by kind needs no more. */
const PAGE = 100;
const PAGE_BY_KIND = 1000;

interface Row {
  readonly appId: string;
  looked: number;
  isDone: boolean;
  doubts: Doubt[];
}

/**
 * Merges the sets of the accounts: of each only so much is read as its place in the row needs.
 *
 * @param most so many keys are looked at
 */
export function openDoubts(
  lanes: OpenLanes,
  appIds: readonly string[],
  filter: DoubtFilter,
  most: number,
): Doubts {
  const rows = appIds.map((appId): Row => ({ appId, looked: 0, isDone: false, doubts: [] }));
  const size = filter.kind === undefined ? PAGE : PAGE_BY_KIND;
  let looked = 0;

  async function fill(row: Row): Promise<void> {
    while (isShort(row) && looked < most) {
      const page = await lanes.ledger(row.appId).doubts(row.looked, size);
      row.looked += page.length;
      row.isDone = page.length < size;
      looked += page.length;
      const { since = 0 } = filter;
      const late = page.filter((doubt) => doubt.since >= since);
      row.doubts = await withoutOthers(lanes, row.appId, filter.kind, late);
    }
  }

  return {
    async take(count) {
      const taken: Doubt[] = [];
      while (taken.length < count) {
        if (rows.some(isShort)) await Promise.all(rows.map(fill));
        const [first, ...others] = rows.filter(({ doubts }) => doubts.length > 0);
        if (!first) break;
        const oldest = others.reduce(
          (best, row) => (sinceOf(row) < sinceOf(best) ? row : best),
          first,
        );
        taken.push(...oldest.doubts.splice(0, 1));
      }
      return taken;
    },
    isCut: () => rows.some(isShort),
  };
}

/** More of it must be read before one can say which is the oldest of all. */
function isShort({ isDone, doubts }: Row): boolean {
  return doubts.length === 0 && !isDone;
}

function sinceOf({ doubts }: Row): number {
  return doubts[0]?.since ?? Number.POSITIVE_INFINITY;
}

/** The lane that has put a message aside says its kind, without its record. */
async function withoutOthers(
  lanes: OpenLanes,
  appId: string,
  kind: Kind | undefined,
  page: readonly { readonly messageKey: string; readonly since: number }[],
): Promise<Doubt[]> {
  const doubts = page.map(({ messageKey, since }) => ({ appId, key: messageKey, since }));
  if (kind === undefined || doubts.length === 0) return doubts;
  const other = kind === 'template' ? 'custom' : 'template';
  const keys = doubts.map(({ key }) => key);
  const areOthers = await lanes.areParked(appId, other, keys);
  return doubts.filter((_, index) => !areOthers[index]);
}
