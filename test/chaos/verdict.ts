import type { DeadReason, Kind, MessageState } from '../../src/shared/outcome.ts';
import { type AttemptSpan, type Disturbance, explain } from './disturbance.ts';

/** A message whose sender was told that it is taken care of. */
export interface Owed {
  readonly messageId: string;
  readonly kind: Kind;
  readonly openid: string;
}

/** What the project itself says of a message. */
export interface Said {
  readonly state: MessageState;
  readonly reason?: DeadReason;
  readonly attempts: readonly AttemptSpan[];
}

/** What WeChat took; `absorbed` is a repeat that no recipient sees. */
export interface Taken {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly kind: Kind;
  readonly openid: string;
  readonly state: 'shown' | 'absorbed' | 'held' | 'rejected';
}

/** Everything a verdict is made from. Each message has a recipient of its own. */
export interface Evidence {
  readonly owed: readonly Owed[];
  /** Recipients of messages that were refused: nothing may be sent to them. */
  readonly refused: readonly string[];
  readonly taken: readonly Taken[];
  /** By messageId; a message that nobody knows is missing. */
  readonly said: ReadonlyMap<string, Said>;
  /** messageIds in the list of dead letters. */
  readonly deadLetters: readonly string[];
  /** messageIds in the list of messages whose outcome nobody knows. */
  readonly unknownListed: readonly string[];
  /** What was done to the system: all that may explain an unknown outcome. */
  readonly disturbances: readonly Disturbance[];
}

/** One message about which two of the books differ, or that is nowhere. */
export interface Finding {
  readonly messageId: string;
  readonly openid: string;
  readonly what: string;
}

export interface UnknownMessage extends Owed {
  /** The disturbance that explains it; null is a fault of the product. */
  readonly because: string | null;
  /** WeChat had taken it. */
  readonly taken: boolean;
}

export interface Verdict {
  readonly acknowledged: number;
  readonly sent: number;
  readonly deadLettered: number;
  /** Of the dead letters: its process was killed or stopped in three attempts in a row. It may be out. */
  readonly poison: number;
  readonly unknown: readonly UnknownMessage[];
  /** Acknowledged, and in no end state; or said to be sent, and WeChat never got it. */
  readonly lost: readonly Finding[];
  /** Sendings beyond the first that a recipient sees. */
  readonly duplicatedTemplates: number;
  readonly duplicatedCustoms: number;
  readonly duplicates: readonly Finding[];
  /** Repeats of a template that WeChat dropped by its `client_msg_id`: no harm done. */
  readonly absorbedRepeats: number;
  readonly unexplainedUnknown: number;
  /** Where our own books contradict each other or WeChat's, short of a loss or a double. */
  readonly disagreements: readonly Finding[];
  readonly ok: boolean;
}

/** Judges a run by what WeChat took, and by our books only where WeChat cannot know. Pure. */
export function judge(evidence: Evidence): Verdict {
  const books = openBooks(evidence);
  const lost: Finding[] = [];
  const disagreements: Finding[] = [];
  const unknown: UnknownMessage[] = [];
  const ended = { sent: 0, dead: 0, poison: 0 };
  for (const message of evidence.owed) {
    const said = evidence.said.get(message.messageId);
    const taken = books.shown.has(message.openid);
    const about = (what: string): Finding => ({
      messageId: message.messageId,
      openid: message.openid,
      what,
    });
    switch (said?.state) {
      case 'sent':
      case 'delivered':
      case 'undelivered':
        ended.sent += 1;
        if (!taken) lost.push(about('said to be sent, never taken by WeChat'));
        break;
      case 'dead':
        ended.dead += 1;
        if (said.reason === 'poison') ended.poison += 1;
        else if (taken) disagreements.push(about('said to be dead, taken by WeChat'));
        if (!books.letters.has(message.messageId)) lost.push(about('dead without a dead letter'));
        break;
      case 'unknown':
        unknown.push({
          ...message,
          because: explain(evidence.disturbances, message.openid, said.attempts),
          taken,
        });
        if (!books.unknown.has(message.messageId)) lost.push(about('unknown and not listed'));
        break;
      case undefined:
        lost.push(about(`acknowledged and forgotten, ${taken ? '' : 'not '}taken by WeChat`));
        break;
      case 'held':
      case 'cancelled':
      case 'scheduled':
      case 'queued':
      case 'sending':
      case 'retrying':
        lost.push(about(`still ${said.state}, ${taken ? '' : 'not '}taken by WeChat`));
        break;
    }
  }
  disagreements.push(...contradictions(evidence, books));
  const duplicates = duplicatesOf(evidence, books);
  const unexplainedUnknown = unknown.filter(({ because }) => because === null).length;
  return {
    acknowledged: evidence.owed.length,
    sent: ended.sent,
    deadLettered: ended.dead,
    poison: ended.poison,
    unknown,
    lost,
    ...duplicates,
    absorbedRepeats: evidence.taken.filter(({ state }) => state === 'absorbed').length,
    unexplainedUnknown,
    disagreements,
    ok:
      lost.length + duplicates.duplicates.length + unexplainedUnknown + disagreements.length === 0,
  };
}

interface Books {
  readonly owed: ReadonlyMap<string, Owed>;
  /** How often a recipient sees its message. */
  readonly shown: ReadonlyMap<string, number>;
  readonly letters: ReadonlySet<string>;
  readonly unknown: ReadonlySet<string>;
}

function openBooks({ owed, taken, deadLetters, unknownListed }: Evidence): Books {
  const shown = new Map<string, number>();
  for (const { openid, state } of taken) {
    if (state !== 'absorbed') shown.set(openid, (shown.get(openid) ?? 0) + 1);
  }
  return {
    owed: new Map(owed.map((message) => [message.openid, message])),
    shown,
    letters: new Set(deadLetters),
    unknown: new Set(unknownListed),
  };
}

function duplicatesOf({ taken }: Evidence, { owed, shown }: Books) {
  const kinds = new Map(taken.map(({ openid, kind }) => [openid, kind]));
  const counts: Record<Kind, number> = { template: 0, custom: 0 };
  const duplicates: Finding[] = [];
  for (const [openid, times] of shown) {
    if (times === 1) continue;
    counts[kinds.get(openid) ?? 'template'] += times - 1;
    const messageId = owed.get(openid)?.messageId ?? '';
    duplicates.push({ messageId, openid, what: `shown ${times} times` });
  }
  return {
    duplicatedTemplates: counts.template,
    duplicatedCustoms: counts.custom,
    duplicates,
  };
}

/** Lists that name messages which are in another state, and sendings that nobody ordered. */
function contradictions({ refused, said, deadLetters }: Evidence, books: Books): Finding[] {
  const findings: Finding[] = [];
  const listed = (messageIds: Iterable<string>, state: MessageState, list: string): void => {
    for (const messageId of messageIds) {
      const actual = said.get(messageId)?.state ?? 'not known';
      if (actual === state) continue;
      findings.push({ messageId, openid: '', what: `listed as ${list}, but ${actual}` });
    }
  };
  for (const messageId of repeated(deadLetters)) {
    findings.push({ messageId, openid: '', what: 'has two dead letters' });
  }
  listed(books.letters, 'dead', 'dead letter');
  listed(books.unknown, 'unknown', 'unknown');
  for (const openid of refused) {
    if (!books.shown.has(openid)) continue;
    findings.push({ messageId: '', openid, what: 'refused by the producer, taken by WeChat' });
  }
  return findings;
}

function repeated(items: readonly string[]): Set<string> {
  const seen = new Set<string>();
  return new Set(items.filter((item) => seen.size === seen.add(item).size));
}
