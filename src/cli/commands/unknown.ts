import { Command } from 'commander';
import type { UnknownMessage } from '../../producer/index.ts';
import { CourierError } from '../../shared/errors.ts';
import { maskOpenid } from '../../shared/openid.ts';
import { answering, withExamples } from '../answer.ts';
import { withProducer } from '../connection.ts';
import { shownTime } from '../moment.ts';
import { counted, parseCount } from '../count.ts';
import { type Cell, renderFields, renderTable } from '../table.ts';
import { addUnknownFlags, type UnknownFlags, unknownOf } from '../unknown-flags.ts';
import { shownAttempts } from './status.ts';
import { resolveCommand } from './unknown-resolve.ts';

export function unknownCommand(): Command {
  const command = new Command('unknown')
    .description('look at messages of which nobody knows whether they were sent, and resolve them')
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(resolveCommand());
  return withExamples(
    command,
    'courier unknown list --since 1d',
    'courier unknown resolve wx0123456789abcdef.abcdefghijklmnopqrstuvwxyz --as sent',
  );
}

function listCommand(): Command {
  const command = new Command('list').description(
    'list unknown messages, those that die next first',
  );
  addUnknownFlags(command).option('--limit <count>', 'at most so many', parseCount, 100);
  withExamples(command, 'courier unknown list --kind custom');
  return answering(command, async ({ limit, ...flags }: UnknownFlags & { limit: number }) => {
    const unknown = await unknownOf(flags, limit);
    return { json: { unknown }, text: shownList(unknown) };
  });
}

function shownList(messages: readonly UnknownMessage[]): string {
  if (messages.length === 0) return 'No unknown messages.';
  return renderTable(
    [
      { title: 'message' },
      { title: 'id' },
      { title: 'kind' },
      { title: 'to' },
      { title: 'unknown since' },
      { title: 'dead letter at' },
      { title: 'attempts', align: 'right' },
    ],
    messages.map((message) => [
      message.messageId,
      message.id ?? '',
      message.kind,
      shownRecipient(message),
      shownTime(message.since),
      shownTime(message.diesAt),
      String(message.attempts.length),
    ]),
  );
}

function shownRecipient({ job }: UnknownMessage): string {
  return job ? maskOpenid(String(job.message['touser'])) : 'gone';
}

function showCommand(): Command {
  const command = new Command('show')
    .description('show one unknown message: every attempt, and what would be sent again')
    .argument('<messageId>', 'as list prints it');
  withExamples(command, 'courier unknown show wx0123456789abcdef.abcdefghijklmnopqrstuvwxyz');
  return answering(command, async (messageId: string) => {
    const message = await withProducer('none', ({ unknown }) => unknown.show(messageId));
    if (!message) throw notUnknown(messageId);
    return { json: message, text: shownMessage(message) };
  });
}

function notUnknown(messageId: string): CourierError {
  return new CourierError(
    'ERR_UNKNOWN_MESSAGE',
    `${messageId.slice(0, 100)} is not unknown. See what became of it: courier status <messageId>.`,
  );
}

function shownMessage(message: UnknownMessage): string {
  const { messageId, id, kind, acceptedAt, since, diesAt, redrives, attempts, job } = message;
  const fields: [string, Cell][] = [['message', messageId]];
  if (id !== undefined) fields.push(['id', id]);
  fields.push(['kind', kind], ['to', shownRecipient(message)]);
  fields.push(['accepted', shownTime(acceptedAt)], ['unknown since', shownTime(since)]);
  fields.push(['dead letter at', shownTime(diesAt)], ['redriven', counted(redrives, 'time')]);
  const content = job ? JSON.stringify(job.message, null, 2) : 'gone';
  return `${renderFields(fields)}\n\n${shownAttempts(attempts)}\n\n${content}`;
}
