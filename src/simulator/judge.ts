import type { Accounts } from './account.ts';
import type { Counters, CountersView } from './counters.ts';
import type { AcceptRecord, MessageKind, RecordEntry } from './record.ts';
import type { TokenCounts } from './token-issuer.ts';

/** A message the recipient got more than once, or will once its review is over. */
export interface Duplicate {
  readonly kind: MessageKind;
  readonly appId: string;
  readonly openid: string;
  /** Absent where the content had to identify the message. */
  readonly clientMsgId?: string;
  readonly contentHash?: string;
  readonly count: number;
  /** Their sequence numbers in the record. */
  readonly seqs: readonly number[];
}

export interface KindTotals {
  /** Everything taken: shown, absorbed and held. */
  readonly accepted: number;
  /** What recipients see, held messages that were approved included. */
  readonly visible: number;
  /** Different messages among the visible and the held ones. */
  readonly distinct: number;
  /** Repeats that client_msg_id absorbed: no harm done. */
  readonly absorbed: number;
  readonly held: number;
  readonly rejected: number;
  /** Sendings beyond the first of each message. */
  readonly duplicates: number;
}

export interface Judgement extends CountersView {
  readonly template: KindTotals;
  readonly custom: KindTotals;
  /** Of both kinds together. */
  readonly duplicates: number;
  readonly duplicateList: readonly Duplicate[];
  readonly tokens: Readonly<Record<string, TokenCounts>>;
  /** All calls to both token endpoints that were answered with a token. */
  readonly tokenFetches: number;
}

const LISTED = 200;

/**
 * What really happened to the messages, from WeChat's side alone. A template message is known
 * by openid and client_msg_id, a customer-service message (and a template message without an
 * id) by openid and content: senders who want it judged must make their texts differ.
 */
export function judge(
  deps: { record: AcceptRecord; counters: Counters; accounts: Accounts },
  now: number,
): Judgement {
  const template = tally(deps.record.entries, 'template', now);
  const custom = tally(deps.record.entries, 'custom', now);
  const tokens = Object.fromEntries(
    deps.accounts.all().map((account) => [account.appId, { ...account.tokens.counts }]),
  );
  return {
    template: template.totals,
    custom: custom.totals,
    duplicates: template.totals.duplicates + custom.totals.duplicates,
    duplicateList: [...template.repeated, ...custom.repeated].slice(0, LISTED),
    tokens,
    tokenFetches: Object.values(tokens).reduce((sum, counts) => sum + sumOf(counts), 0),
    ...deps.counters.view(),
  };
}

function tally(
  entries: readonly RecordEntry[],
  kind: MessageKind,
  now: number,
): { totals: KindTotals; repeated: Duplicate[] } {
  const copies = new Map<string, RecordEntry[]>();
  const counts = { shown: 0, absorbed: 0, held: 0, rejected: 0 };
  for (const entry of entries) {
    if (entry.kind !== kind) continue;
    const state = stateOf(entry, now);
    counts[state] += 1;
    if (state === 'absorbed' || state === 'rejected') continue;
    const key = `${entry.appId} ${entry.openid} ${identityOf(entry)}`;
    const others = copies.get(key);
    if (others === undefined) copies.set(key, [entry]);
    else others.push(entry);
  }
  const repeated = [...copies.values()].filter((group) => group.length > 1).map(duplicateOf);
  const { shown, absorbed, held, rejected } = counts;
  return {
    totals: {
      accepted: shown + absorbed + held + rejected,
      visible: shown,
      distinct: copies.size,
      absorbed,
      held,
      rejected,
      duplicates: shown + held - copies.size,
    },
    repeated,
  };
}

/** Where a message stands now: reviews end by the simulator's clock, without a timer. */
export function stateOf(
  entry: RecordEntry,
  now: number,
): 'shown' | 'absorbed' | 'held' | 'rejected' {
  const { fate } = entry;
  switch (fate.kind) {
    case 'shown':
    case 'absorbed':
      return fate.kind;
    case 'held':
      if (now < fate.until) return 'held';
      return fate.ending === 'approve' ? 'shown' : 'rejected';
  }
}

function identityOf(entry: RecordEntry): string {
  return entry.clientMsgId === undefined
    ? `content ${entry.contentHash}`
    : `id ${entry.clientMsgId}`;
}

function duplicateOf(group: readonly RecordEntry[]): Duplicate {
  const [first] = group;
  if (first === undefined) throw new Error('a group of copies is never empty');
  const { kind, appId, openid, clientMsgId, contentHash } = first;
  return {
    kind,
    appId,
    openid,
    ...(clientMsgId === undefined ? {} : { clientMsgId }),
    ...(contentHash === undefined ? {} : { contentHash }),
    count: group.length,
    seqs: group.map((entry) => entry.seq),
  };
}

function sumOf(counts: TokenCounts): number {
  return counts.stableNormal + counts.stableForced + counts.stableForcedIgnored + counts.classic;
}
