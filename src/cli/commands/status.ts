import { Command } from 'commander';
import type { MessageState, MessageStatus } from '../../producer/index.ts';
import { explainErrcode } from '../../shared/errcodes/errcode.ts';
import { CourierError } from '../../shared/errors.ts';
import type { Attempt, Redrive } from '../../shared/outcome.ts';
import { answering, withExamples } from '../answer.ts';
import { withProducer } from '../connection.ts';
import { shownDuration, shownTime } from '../moment.ts';
import { type Cell, renderFields, renderTable, type Style } from '../table.ts';

export function statusCommand(): Command {
  const command = new Command('status')
    .description('show what became of a message')
    .argument('<messageId>', 'as send printed it: <appId>.<26 characters>');
  withExamples(command, 'courier status wx0123456789abcdef.abcdefghijklmnopqrstuvwxyz');
  return answering(command, async (messageId: string) => {
    const status = await withProducer('none', (producer) => producer.status(messageId));
    if (!status) throw unknownMessage(messageId);
    return { json: status, text: shownStatus(status) };
  });
}

export function unknownMessage(messageId: string): CourierError {
  return new CourierError(
    'ERR_UNKNOWN_MESSAGE',
    `No message "${messageId.slice(0, 100)}" is known. Expected <appId>.<26 characters> as send ` +
      'printed it; a message is forgotten some days after its end (COURIER_LEDGER_TTL_HOURS).',
  );
}

function shownStatus(status: MessageStatus): string {
  const { messageId, kind, state, reason, errcode, wechatMsgId, attempts } = status;
  const explanation = errcode === undefined ? undefined : explainErrcode(errcode);
  const fields: [string, Cell][] = [
    ['message', messageId],
    ['kind', kind],
    ['state', { text: state, style: STATE_STYLES[state] }],
  ];
  if (reason) fields.push(['reason', reason]);
  if (explanation) fields.push(['errcode', `${errcode}  ${explanation.meaning}`]);
  if (explanation && errcode !== 0) fields.push(['what to do', explanation.advice]);
  if (wechatMsgId) fields.push(['WeChat msgid', wechatMsgId]);
  if (status.settledBy) fields.push(['said by', 'a person']);
  fields.push(['accepted', shownTime(status.acceptedAt)]);
  if (status.sendAt !== undefined) fields.push(['send at', shownTime(status.sendAt)]);
  for (const redrive of status.redriven ?? []) fields.push(['put back', shownRedrive(redrive)]);
  const ended = state === 'dead' || state === 'cancelled';
  if (attempts.length === 0)
    return renderFields([...fields, ['attempts', ended ? 'none' : 'none yet']]);
  return `${renderFields(fields)}\n\n${shownAttempts(attempts)}`;
}

/** When, and which end that undid. */
export function shownRedrive({ at, from, endedAt, reason, errcode }: Redrive): string {
  const end = [from, reason, errcode].filter((part) => part !== undefined).join(' ');
  return `${shownTime(at)}, was ${end}${endedAt === undefined ? '' : ` since ${shownTime(endedAt)}`}`;
}

/** The tries to send, oldest first. */
export function shownAttempts(attempts: readonly Attempt[]): string {
  return renderTable(
    [
      { title: 'attempt', align: 'right' },
      { title: 'at' },
      { title: 'took', align: 'right' },
      { title: 'errcode', align: 'right' },
      { title: 'verdict' },
    ],
    attempts.map(({ number, at, durationMs, errcode, verdict }) => [
      String(number),
      shownTime(at),
      shownDuration(durationMs),
      errcode === undefined ? '' : String(errcode),
      verdict,
    ]),
  );
}

export const STATE_STYLES: Readonly<Record<MessageState, Style>> = {
  scheduled: 'bold',
  queued: 'bold',
  sending: 'bold',
  retrying: 'yellow',
  sent: 'green',
  held: 'yellow',
  unknown: 'red',
  dead: 'red',
  cancelled: 'yellow',
  delivered: 'green',
  undelivered: 'red',
};
