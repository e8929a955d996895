import type { DeadLetter, MessageStatus } from '../../producer/index.ts';
import type { Judgement } from '../../simulator/build.ts';
import type { Accepted } from './enqueue.ts';
import { hasEnded } from './watch.ts';
import type { Taken } from './wechat-side.ts';

/** The last line of the demo. Its fields are relied on by others. */
export interface DemoLine {
  readonly enqueued: number;
  readonly sent: number;
  readonly deadLettered: number;
  readonly deadBy: Readonly<Record<string, number>>;
  readonly unknown: number;
  readonly lost: number;
  readonly duplicates: number;
  readonly tokenFetches: number;
  readonly seconds: number;
}

export interface Evidence {
  readonly accepted: readonly Accepted[];
  /** Our own word on each message. */
  readonly statuses: ReadonlyMap<string, MessageStatus>;
  readonly deadLetters: readonly DeadLetter[];
  /** WeChat's word: what it took, one by one and in sum. */
  readonly record: readonly Taken[];
  readonly judgement: Judgement;
  readonly seconds: number;
}

export interface Reckoning {
  readonly line: DemoLine;
  /** Where our own books and WeChat's do not say the same; empty if all is well. */
  readonly disagreements: readonly string[];
}

const SEND_PATHS = ['/cgi-bin/message/template/send', '/cgi-bin/message/custom/send'];

/**
 * Compares what was handed over, message by message, with what WeChat says it took and with
 * what we say became of it. Pure.
 */
export function reckon(evidence: Evidence): Reckoning {
  const { accepted, statuses, deadLetters, judgement, seconds } = evidence;
  const taken = takenByWechat(evidence.record);
  const disagreements: string[] = [];
  const deadBy: Record<string, number> = {};
  let [sent, dead, unknown, lost] = [0, 0, 0, 0];
  for (const message of accepted) {
    const status = statuses.get(message.messageId);
    const isTaken = taken.delete(identityOf(message));
    if (isTaken) sent += 1;
    if (status?.state === 'unknown') unknown += 1;
    if (status?.state === 'dead') {
      dead += 1;
      const cause = String(status.errcode ?? status.reason);
      deadBy[cause] = (deadBy[cause] ?? 0) + 1;
    }
    if (!isTaken && !isAccountedFor(status)) lost += 1;
    const disagreement = disagreementOn(message, status, isTaken);
    if (disagreement) disagreements.push(disagreement);
  }
  for (const identity of taken) disagreements.push(`WeChat has ${identity}, which nobody enqueued`);
  if (deadLetters.length !== dead) {
    disagreements.push(`${dead} messages are dead, but ${deadLetters.length} dead letters listed`);
  }
  disagreements.push(...disagreementsOnRefusals(deadBy, judgement));
  return {
    line: {
      enqueued: accepted.length,
      sent,
      deadLettered: dead,
      deadBy,
      unknown,
      lost,
      duplicates: judgement.duplicates,
      tokenFetches: judgement.tokenFetches,
      seconds,
    },
    disagreements,
  };
}

/** The messages WeChat shows or will show, each once. */
function takenByWechat(record: readonly Taken[]): Set<string> {
  const visible = record.filter(({ state }) => state === 'shown' || state === 'held');
  return new Set(
    visible.map(
      ({ openid, clientMsgId, body }) => `${openid} ${clientMsgId ?? body?.text?.content}`,
    ),
  );
}

/** WeChat knows templates by our id, and customer-service messages by nothing but their text. */
function identityOf({ messageId, envelope }: Accepted): string {
  const { touser, text } = envelope.message as { touser: string; text?: { content: string } };
  return `${touser} ${text?.content ?? messageId.slice(messageId.indexOf('.') + 1)}`;
}

/** Not sent, and known not to be (or, with `unknown`, known to be unclear). */
function isAccountedFor(status: MessageStatus | undefined): boolean {
  const state = status?.state;
  return state === 'dead' || state === 'unknown' || state === 'cancelled';
}

function disagreementOn(
  { id, messageId }: Accepted,
  status: MessageStatus | undefined,
  isTaken: boolean,
): string | null {
  const name = `${id} (${messageId})`;
  if (!status) return `${name}: our ledger does not know it`;
  if (!hasEnded(status.state)) return `${name}: still ${status.state}`;
  const weSay = !isAccountedFor(status);
  if (weSay === isTaken || status.state === 'unknown') return null;
  return `${name}: we say ${status.state}, WeChat ${isTaken ? 'took it' : 'never took it'}`;
}

/**
 * Each dead message was refused once with the code we booked; a refusal whose answer was lost
 * on the way was repeated, and stands in WeChat's books twice.
 */
function disagreementsOnRefusals(
  deadBy: Readonly<Record<string, number>>,
  { requests, faults }: Judgement,
): string[] {
  const { errcode: _answered, ...damaged } = faults;
  let lostAnswers = Object.values(damaged).reduce((sum, count) => sum + count, 0);
  return Object.entries(deadBy).flatMap(([cause, count]) => {
    const refused = SEND_PATHS.reduce((sum, path) => sum + (requests[path]?.[cause] ?? 0), 0);
    const isExplained = refused >= count && refused - count <= lostAnswers;
    lostAnswers -= Math.max(0, refused - count);
    return isExplained ? [] : [`${count} died of ${cause}, WeChat answered it ${refused} times`];
  });
}
