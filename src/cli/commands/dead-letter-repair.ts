import { createInterface } from 'node:readline/promises';
import { Command } from 'commander';
import type { Producer } from '../../producer/index.ts';
import { type Answer, answering, withExamples } from '../answer.ts';
import { withProducer } from '../connection.ts';
import {
  addFilterFlags,
  checkSelection,
  filterOf,
  type SelectionFlags,
} from '../dead-letter-flags.ts';
import { showProgress } from '../progress.ts';
import { UsageError } from '../usage-error.ts';

interface PurgeFlags extends SelectionFlags {
  readonly yes?: boolean;
}

export function redriveCommand(): Command {
  const command = selecting('redrive', 'send dead letters again, with a fresh attempt budget');
  withExamples(
    command,
    'courier dead-letters redrive wx0123456789abcdef.abcdefghijklmnopqrstuvwxyz',
    'courier dead-letters redrive --errcode 40037 --since 2h',
  );
  return answering(command, (messageIds: string[], flags: SelectionFlags) => {
    checkSelection(messageIds, flags);
    return withProducer('none', async (producer) => {
      const chosen = await choose(producer, messageIds, flags);
      const { done, missing } = await forEach(chosen, (id) => producer.deadLetters.redrive(id));
      return answerOf('redriven', done, missing);
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
      const chosen = await choose(producer, messageIds, flags);
      if (!flags.yes && chosen.length > 0 && !(await isConfirmed(chosen.length))) {
        return { json: { purged: 0 }, text: 'Nothing was deleted.', exitCode: 1 };
      }
      const { done, missing } = await forEach(chosen, (id) => producer.deadLetters.purge(id));
      return answerOf('purged', done, missing);
    });
  });
}

function selecting(name: string, description: string): Command {
  const command = new Command(name)
    .description(description)
    .argument('[messageId...]', 'as list prints them; or choose by flags');
  return addFilterFlags(command).option('--all', 'every dead letter there is');
}

async function choose(
  producer: Producer,
  messageIds: readonly string[],
  flags: SelectionFlags,
): Promise<readonly string[]> {
  if (messageIds.length > 0) return messageIds;
  const limit = Number.MAX_SAFE_INTEGER;
  const letters = await producer.deadLetters.list({ ...filterOf(flags), limit });
  return letters.map(({ messageId }) => messageId);
}

const CHUNK = 50;

/** Some at a time, so that Redis stays responsive and a person sees how far it is. */
async function forEach(
  messageIds: readonly string[],
  act: (messageId: string) => Promise<boolean>,
): Promise<{ done: number; missing: string[] }> {
  const progress = showProgress({ total: messageIds.length, what: 'dead letters' });
  const missing: string[] = [];
  try {
    for (let start = 0; start < messageIds.length; start += CHUNK) {
      const chunk = messageIds.slice(start, start + CHUNK);
      const found = await Promise.all(chunk.map(act));
      missing.push(...chunk.filter((_, index) => !found[index]));
      progress.update(start + chunk.length);
    }
  } finally {
    progress.stop();
  }
  return { done: messageIds.length - missing.length, missing };
}

function answerOf(verb: 'redriven' | 'purged', done: number, missing: readonly string[]): Answer {
  const notes = missing.map((messageId) => `no dead letter: ${messageId}`);
  return {
    json: { [verb]: done, notFound: missing },
    text: [...notes, `${done} ${verb}, ${missing.length} not found`].join('\n'),
    exitCode: missing.length === 0 ? 0 : 1,
  };
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
