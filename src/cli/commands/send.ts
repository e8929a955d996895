import { Argument, Command } from 'commander';
import { KINDS, type Kind } from '../../shared/outcome.ts';
import { type Answer, answering, withExamples } from '../answer.ts';
import { withProducer } from '../connection.ts';
import { addEnvelopeFlags, type EnvelopeFlags, envelopeOf } from '../envelope-flags.ts';
import { UsageError } from '../usage-error.ts';
import { sendFile } from './send-file.ts';

interface SendFlags extends EnvelopeFlags {
  readonly file?: string;
}

export function sendCommand(): Command {
  const kind = new Argument('[kind]', 'template or custom (customer service)').choices(KINDS);
  const command = new Command('send')
    .description('hand over one message, or a file of them')
    .addArgument(kind);
  addEnvelopeFlags(command).option(
    '--file <file>',
    'JSON lines, one envelope each; - is stdin. [kind] and --app fill in what a line lacks',
  );
  withExamples(
    command,
    `courier send template --app wx0123456789abcdef --to OPENID --template ID \\`,
    `    --data '{"thing1":"巧克力"}' --id order-1002-paid`,
    `courier send custom --app wx0123456789abcdef --to OPENID --text "您的包裹已发出"`,
    `courier send --file envelopes.jsonl`,
  );
  return answering(command, async (kind: Kind | undefined, flags: SendFlags) => {
    const { file } = flags;
    if (file !== undefined) return await sendFile(file, defaultsOf(kind, flags));
    if (!kind) throw new UsageError('Expected "send template", "send custom" or "send --file".');
    return await sendOne(kind, flags);
  });
}

async function sendOne(kind: Kind, flags: SendFlags): Promise<Answer> {
  const envelope = envelopeOf(kind, flags);
  const result = await withProducer('file', (producer) => producer.enqueue(envelope));
  return { json: result, text: `${result.status}  ${result.messageId}` };
}

function defaultsOf(kind: Kind | undefined, { app }: SendFlags): object {
  return { ...(app !== undefined && { appId: app }), ...(kind && { kind }) };
}
