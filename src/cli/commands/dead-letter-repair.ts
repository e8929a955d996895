import { createInterface } from 'node:readline/promises';
import { Command } from 'commander';
import type { DeadLetter, Producer } from '../../producer/index.ts';
import { isDoubtful } from '../../shared/dead-letter.ts';
import { type Answer, answering, withExamples } from '../answer.ts';
import { withProducer } from '../connection.ts';
import {
  addFilterFlags,
  checkSelection,
  filterOf,
  type SelectionFlags,
} from '../dead-letter-flags.ts';
import { inChunks } from '../in-chunks.ts';
import { UsageError } from '../usage-error.ts';

interface PurgeFlags extends SelectionFlags {
  readonly yes?: boolean;
}

export function redriveCommand(): Command {
  const command = selecting(
    'redrive',
    'have workers send dead letters again, with a fresh attempt budget and without an expiry',
  );
  withExamples(
    command,
    'courier dead-letters redrive wx0123456789abcdef.abcdefghijklmnopqrstuvwxyz',
    'courier dead-letters redrive --errcode 40037 --since 2h',
  );
  return answering(command, (messageIds: string[], flags: SelectionFlags) => {
    checkSelection(messageIds, flags);
    return withProducer('none', async (producer) => {
      const letters = messageIds.length > 0 ? null : await lettersOf(producer, flags);
      // What a customer may have, or what kills its sender, is sent again only if that is meant.
      const isMeant = (letter: DeadLetter) => flags.reason !== undefined || !isDoubtful(letter);
      const chosen = letters ? letters.filter(isMeant).map(idOf) : messageIds;
      const leftOut = (letters ?? []).filter((letter) => !isMeant(letter)).map(idOf);
      return redriveAnswer(await fatesOf(chosen, (id) => redrive(producer, id)), leftOut);
    });
  });
}

export function purgeCommand(): Command {
  const command = selecting('purge', 'delete dead letters for good; their messages are forgotten');
  command.option('--yes', 'do not ask');
  withExamples(command, 'courier dead-letters purge --reason permanent-recipient --yes');
  return answering(command, (messageIds: string[], flags: PurgeFlags) => {
    checkSelection(messageIds, flags);
    if (!flags.yes && !process.stdin.isTTY) {
      throw new UsageError('purge asks before it deletes; without a terminal it needs --yes.');
    }
    return withProducer('none', async (producer) => {
      const chosen =
        messageIds.length > 0 ? messageIds : (await lettersOf(producer, flags)).map(idOf);
      if (!flags.yes && chosen.length > 0 && !(await isConfirmed(chosen.length))) {
        return { json: { purged: 0 }, text: 'Nothing was deleted.', exitCode: 1 };
      }
      return purgeAnswer(await fatesOf(chosen, (id) => purge(producer, id)));
    });
  });
}

function selecting(name: string, description: string): Command {
  const command = new Command(name)
    .description(description)
    .argument('[messageId...]', 'as list prints them; or choose by flags');
  return addFilterFlags(command).option('--all', 'every dead letter there is');
}

function lettersOf(producer: Producer, flags: SelectionFlags): Promise<DeadLetter[]> {
  const limit = Number.MAX_SAFE_INTEGER;
  return producer.deadLetters.list({ ...filterOf(flags), limit });
}

function idOf({ messageId }: DeadLetter): string {
  return messageId;
}

async function redrive(producer: Producer, messageId: string): Promise<Fate> {
  const letter = await producer.deadLetters.show(messageId);
  if (letter && !letter.job) return 'impossible';
  return (await producer.deadLetters.redrive(messageId)) ? 'done' : 'missing';
}

async function purge(producer: Producer, messageId: string): Promise<Fate> {
  return (await producer.deadLetters.purge(messageId)) ? 'done' : 'missing';
}

/** What became of one letter; `impossible`: its content is gone, there is nothing to send. */
type Fate = 'done' | 'missing' | 'impossible';
type Fates = Readonly<Record<Fate, readonly string[]>>;

async function fatesOf(
  messageIds: readonly string[],
  act: (messageId: string) => Promise<Fate>,
): Promise<Fates> {
  const fates = await inChunks(messageIds, 'dead letters', act);
  const those = (fate: Fate) => messageIds.filter((_, index) => fates[index] === fate);
  return { done: those('done'), missing: those('missing'), impossible: those('impossible') };
}

function redriveAnswer({ done, missing, impossible }: Fates, leftOut: readonly string[]): Answer {
  const requested =
    done.length === 1
      ? '1 redrive requested; a worker carries it out'
      : `${done.length} redrives requested; workers carry them out`;
  const others = [
    ...(missing.length > 0 ? [`${missing.length} not found`] : []),
    ...(impossible.length > 0 ? [`${impossible.length} not possible`] : []),
  ];
  const left =
    leftOut.length === 0
      ? []
      : [
          `${leftOut.length} left out: customers may have got them (ambiguous), or workers died of ` +
            'them (poison). To send those again, choose them with --reason.',
        ];
  const gone = impossible.map((messageId) => `not possible, its content is gone: ${messageId}`);
  return {
    json: {
      redriven: done.length,
      notFound: missing,
      notPossible: impossible,
      ...(leftOut.length > 0 && { leftOut }),
    },
    text: [
      ...notesOf(missing),
      ...gone,
      ...left,
      [requested, ...others].join(', '),
      ...whatNext(done),
    ].join('\n'),
    exitCode: others.length === 0 ? 0 : 1,
  };
}

/** A redrive is only asked for here; where to see what came of it. */
function whatNext(redriven: readonly string[]): string[] {
  const [messageId] = redriven;
  if (messageId === undefined) return [];
  return redriven.length === 1
    ? [`What became of it: courier status ${messageId}`]
    : ['Those that died again: courier dead-letters list --since 5m'];
}

function purgeAnswer({ done, missing }: Fates): Answer {
  return {
    json: { purged: done.length, notFound: missing },
    text: [...notesOf(missing), `${done.length} purged, ${missing.length} not found`].join('\n'),
    exitCode: missing.length === 0 ? 0 : 1,
  };
}

function notesOf(missing: readonly string[]): string[] {
  return missing.map((messageId) => `no dead letter: ${messageId}`);
}

async function isConfirmed(count: number): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`Delete ${count} dead letters for good? [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}
