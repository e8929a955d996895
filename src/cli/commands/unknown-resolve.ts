import { Command, Option } from 'commander';
import type { Producer, Resolved } from '../../producer/index.ts';
import { type Answer, answering, withExamples } from '../answer.ts';
import { withProducer } from '../connection.ts';
import { inChunks } from '../in-chunks.ts';
import { UsageError } from '../usage-error.ts';
import { addUnknownFlags, type UnknownFlags, unknownOf } from '../unknown-flags.ts';

interface ResolveFlags extends UnknownFlags {
  readonly as: 'sent' | 'resend';
  readonly all?: boolean;
}

export function resolveCommand(): Command {
  const command = new Command('resolve')
    .description('say that unknown messages were sent, or have them sent again')
    .argument('[messageId...]', 'as list prints them; or choose by flags');
  addUnknownFlags(command)
    .option('--all', 'every unknown message there is')
    .addOption(
      new Option('--as <verdict>', 'sent: it arrived; resend: send it (again), it may arrive twice')
        .choices(['sent', 'resend'])
        .makeOptionMandatory(),
    );
  withExamples(
    command,
    'courier unknown resolve wx0123456789abcdef.abcdefghijklmnopqrstuvwxyz --as resend',
    'courier unknown resolve --app wx0123456789abcdef --kind custom --as sent',
  );
  return answering(command, async (messageIds: string[], flags: ResolveFlags) => {
    checkSelection(messageIds, flags);
    const named = messageIds.map((messageId) => ({ messageId }));
    const chosen = named.length > 0 ? named : await unknownOf(flags, Number.MAX_SAFE_INTEGER);
    return await withProducer('none', (producer) => resolveAll(producer, chosen, flags.as));
  });
}

/** Either message ids, or a filter, or everything: never everything by accident. */
function checkSelection(messageIds: readonly string[], flags: ResolveFlags): void {
  const { app, kind, since, all } = flags;
  const hasFlags = [app, kind, since, all].some((flag) => flag !== undefined);
  if (hasFlags !== messageIds.length > 0) return;
  throw new UsageError(
    'Expected message ids, or --all, or --app, --kind, --since; got ' +
      (hasFlags ? 'message ids and flags at once.' : 'nothing that says which messages are meant.'),
  );
}

interface Chosen {
  readonly messageId: string;
  /** As the list had it; who names a message means it as it is. */
  readonly redrives?: number;
}

async function resolveAll(
  { unknown }: Producer,
  chosen: readonly Chosen[],
  as: 'sent' | 'resend',
): Promise<Answer> {
  const results = await inChunks(chosen, 'unknown messages', ({ messageId, redrives }) =>
    unknown.resolve(messageId, as, redrives),
  );
  const notes = chosen.flatMap(({ messageId }, index) => noteOf(messageId, results[index]));
  const done = results.filter(({ kind }) => kind === 'resolved').length;
  const verb = as === 'sent' ? 'resolved as sent' : 'to be sent again';
  const left = results.length - done;
  return {
    json: {
      resolved: done,
      failed: chosen.flatMap(({ messageId }, index) => {
        const result = results[index];
        return result && result.kind !== 'resolved' ? [{ messageId, ...result }] : [];
      }),
    },
    text: [...notes, `${done} ${verb}${left > 0 ? `, ${left} left as they are` : ''}`].join('\n'),
    exitCode: left === 0 ? 0 : 1,
  };
}

function noteOf(messageId: string, result: Resolved | undefined): string[] {
  switch (result?.kind) {
    case 'not-unknown':
      return [`not unknown but ${result.state ?? 'not there'}: ${messageId}`];
    case 'stale':
      return [`sent again meanwhile, and unknown anew: ${messageId}`];
    case 'in-lane':
      return [`retried in Bull Board, repeat this once a worker has looked at it: ${messageId}`];
    case 'content-gone':
      return [`cannot be sent again, its content is gone: ${messageId}`];
    case 'resolved':
    case undefined:
      return [];
  }
}
