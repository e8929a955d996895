import { Command } from 'commander';
import type { FoundMessage } from '../../producer/index.ts';
import { answering, withExamples } from '../answer.ts';
import { withProducer } from '../connection.ts';
import { shownTime } from '../moment.ts';
import { renderTable } from '../table.ts';
import { STATE_STYLES } from './status.ts';

export function findCommand(): Command {
  const command = new Command('find')
    .description('find messages by what is known of them, the latest first')
    .argument(
      '<text>',
      "message id, the caller's id or the number in it, recipient's openid, or WeChat's msgid",
    );
  withExamples(
    command,
    'courier find order-1002-paid',
    'courier find 1002',
    'courier find oABCDEFGHIJKLMNOPQRSTUVWXYZ0',
    'courier find 4795831242243213291',
  );
  return answering(command, async (text: string) => {
    const found = await withProducer('file', (producer) => producer.find(text));
    return { json: found, text: shown(found), exitCode: found.length > 0 ? 0 : 1 };
  });
}

/** As the dashboard says it. */
const NOTHING_FOUND = [
  'Nothing found.',
  'A number is found whole, as 1002 or order-1002 of order-1002-paid. An openid and a msgid are, too.',
  'What was sent or cancelled is forgotten some days later (COURIER_LEDGER_TTL_HOURS).',
  'If it should be here, its sender has not handed it over: look for the error there.',
].join('\n');

function shown(found: readonly FoundMessage[]): string {
  if (found.length === 0) return NOTHING_FOUND;
  return renderTable(
    [
      { title: 'message' },
      { title: 'id' },
      { title: 'kind' },
      { title: 'accepted' },
      { title: 'state' },
    ],
    found.map(({ messageId, id, kind, acceptedAt, state, reason }) => [
      messageId,
      id ?? '',
      kind,
      shownTime(acceptedAt),
      { text: reason ? `${state}: ${reason}` : state, style: STATE_STYLES[state] },
    ]),
  );
}
