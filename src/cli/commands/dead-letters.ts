import { Command } from 'commander';
import type { DeadLetter } from '../../producer/index.ts';
import { explainErrcode } from '../../shared/errcodes/errcode.ts';
import { CourierError } from '../../shared/errors.ts';
import { answering, withExamples } from '../answer.ts';
import { withProducer, withRedis } from '../connection.ts';
import { addFilterFlags, type FilterFlags, filterOf } from '../dead-letter-flags.ts';
import { countDeadLetters, firstLetters } from '../first-letters.ts';
import { shownTime } from '../moment.ts';
import { counted, parseCount } from '../count.ts';
import { type Cell, renderFields, renderTable } from '../table.ts';
import { purgeCommand, redriveCommand } from './dead-letter-repair.ts';
import { shownAttempts } from './status.ts';

export function deadLettersCommand(): Command {
  const command = new Command('dead-letters')
    .description('look at messages that will not be sent unless somebody acts, and repair them')
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(redriveCommand())
    .addCommand(purgeCommand());
  return withExamples(
    command,
    'courier dead-letters list --errcode 45015 --since 1d',
    'courier dead-letters redrive --app wx0123456789abcdef --reason template-config',
  );
}

function listCommand(): Command {
  const command = new Command('list').description('list dead letters, newest first');
  addFilterFlags(command).option('--limit <count>', 'at most so many', parseCount, 100);
  withExamples(command, 'courier dead-letters list --reason permanent-recipient --since 2h');
  return answering(command, async ({ limit, ...flags }: FilterFlags & { limit: number }) => {
    const filter = filterOf(flags);
    const { letters, isMore } = await withProducer('none', (producer) =>
      firstLetters(producer.deadLetters, filter, limit),
    );
    const isAnyMeant = Object.keys(filter).length === 0;
    const all = isMore && isAnyMeant ? await withRedis(countDeadLetters) : null;
    const note = isMore ? shownRest(letters.length, all) : '';
    return { json: { deadLetters: letters }, text: shownList(letters) + note };
  });
}

/** How many there are is cheap to know of all, and not of those that a filter chooses. */
function shownRest(shown: number, all: number | null): string {
  const part = all === null ? `the first ${shown}` : `${shown} of ${all} shown`;
  return `\n\n${part}; --limit shows more`;
}

function shownList(letters: readonly DeadLetter[]): string {
  if (letters.length === 0) return 'No dead letters.';
  return renderTable(
    [
      { title: 'message' },
      { title: 'id' },
      { title: 'kind' },
      { title: 'died' },
      { title: 'errcode', align: 'right' },
      { title: 'reason' },
    ],
    letters.map(({ messageId, id, kind, deadAt, errcode, reason }) => [
      messageId,
      id ?? '',
      kind,
      shownTime(deadAt),
      errcode === undefined ? '' : String(errcode),
      reason,
    ]),
  );
}

function showCommand(): Command {
  const command = new Command('show')
    .description('show one dead letter: why it died, every attempt, the message itself')
    .argument('<messageId>', 'as list prints it');
  withExamples(command, 'courier dead-letters show wx0123456789abcdef.abcdefghijklmnopqrstuvwxyz');
  return answering(command, async (messageId: string) => {
    const letter = await withProducer('none', (producer) => producer.deadLetters.show(messageId));
    if (!letter) throw notDead(messageId);
    return { json: letter, text: shownLetter(letter) };
  });
}

function notDead(messageId: string): CourierError {
  return new CourierError(
    'ERR_UNKNOWN_MESSAGE',
    `${messageId.slice(0, 100)} is no dead letter. See what became of it: courier status <messageId>.`,
  );
}

function shownLetter(letter: DeadLetter): string {
  const { messageId, id, kind, reason, errcode, detail, rid, acceptedAt, deadAt } = letter;
  const fields: [string, Cell][] = [['message', messageId]];
  if (id !== undefined) fields.push(['id', id]);
  fields.push(['kind', kind], ['reason', { text: reason, style: 'red' }]);
  if (errcode !== undefined) {
    const { meaning, advice } = explainErrcode(errcode);
    fields.push(['errcode', `${errcode}  ${meaning}`], ['what to do', advice]);
  }
  if (detail !== undefined) fields.push(['detail', detail]);
  if (rid !== undefined) fields.push(['WeChat rid', rid]);
  fields.push(['accepted', shownTime(acceptedAt)], ['died', shownTime(deadAt)]);
  const expiresAt = letter.job?.expiresAt;
  if (expiresAt !== undefined) fields.push(['expires', shownTime(expiresAt)]);
  fields.push(['redriven', counted(letter.redrives, 'time')]);
  const attempts = letter.attempts.length === 0 ? 'no attempts' : shownAttempts(letter.attempts);
  const message = letter.job ? JSON.stringify(letter.job.message, null, 2) : 'gone';
  return `${renderFields(fields)}\n\n${attempts}\n\n${message}`;
}
