import { Command, Option } from 'commander';
import type { EnvelopeInput } from '../producer/index.ts';
import { jsonErrorPosition } from '../shared/json-position.ts';
import { ON_AMBIGUOUS, PRIORITIES } from '../shared/message/envelope.ts';
import type { Kind } from '../shared/outcome.ts';
import { parseMoment } from './moment.ts';
import { UsageError } from './usage-error.ts';

/** One message on the command line. What it says is judged by the producer, not here. */
export interface EnvelopeFlags {
  readonly app?: string;
  readonly to?: string;
  readonly template?: string;
  readonly data?: string;
  readonly url?: string;
  readonly text?: string;
  readonly message?: string;
  readonly id?: string;
  readonly priority?: string;
  readonly sendAt?: string | number;
  readonly expiresAt?: string | number;
  readonly onAmbiguous?: string;
}

export function addEnvelopeFlags(command: Command): Command {
  return command
    .option('--app <appId>', 'the account that sends')
    .option('--to <openid>', 'the recipient')
    .option('--template <id>', 'template: its id')
    .option('--data <json>', 'template: its variables, as in {"thing1":"巧克力"}')
    .option('--url <url>', 'template: where a tap leads')
    .option('--text <text>', 'custom: a text message')
    .option('--message <json>', 'either kind: WeChat’s own request body')
    .option('--id <id>', 'your key for this message: repeating it sends nothing twice')
    .addOption(new Option('--priority <priority>', 'default normal').choices(PRIORITIES))
    .option('--send-at <time>', 'not before: ISO 8601 with offset, or epoch ms', parseMoment)
    .option('--expires-at <time>', 'not after this', parseMoment)
    .addOption(
      new Option('--on-ambiguous <what>', 'custom, when nobody knows whether it was sent').choices(
        ON_AMBIGUOUS,
      ),
    );
}

/** The envelope that the flags describe. @throws UsageError when a part of it is missing */
export function envelopeOf(kind: Kind, flags: EnvelopeFlags): EnvelopeInput {
  const { app, id, priority, sendAt, expiresAt, onAmbiguous } = flags;
  const envelope = {
    appId: required('app', kind, app),
    kind,
    message: messageOf(kind, flags),
    ...(id !== undefined && { id }),
    ...(priority !== undefined && { priority }),
    ...(sendAt !== undefined && { sendAt }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(onAmbiguous !== undefined && { onAmbiguous }),
  };
  return envelope as EnvelopeInput;
}

function messageOf(kind: Kind, flags: EnvelopeFlags): object {
  const { to, message, text, template, data, url } = flags;
  if (message !== undefined) {
    return { ...(to !== undefined && { touser: to }), ...objectOf('--message', message) };
  }
  const touser = required('to', kind, to);
  switch (kind) {
    case 'template':
      return {
        touser,
        template_id: required('template', kind, template),
        ...(url !== undefined && { url }),
        data: variablesOf(objectOf('--data', required('data', kind, data))),
      };
    case 'custom': {
      const content = required('text', kind, text);
      return { touser, msgtype: 'text', text: { content } };
    }
  }
}

/** `{"thing1": "…"}` is enough; `{"thing1": {"value": "…"}}` is fine too. */
function variablesOf(data: object): object {
  const entries = Object.entries(data).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === 'object' ? value : { value },
  ]);
  return Object.fromEntries(entries) as object;
}

const NEEDED: Readonly<Record<Kind, string>> = {
  template: '--app, --to, --template and --data (or --app and --message)',
  custom: '--app, --to and --text (or --app and --message)',
};

function required(name: string, kind: Kind, value: string | undefined): string {
  if (value !== undefined) return value;
  throw new UsageError(`--${name} is missing: send ${kind} takes ${NEEDED[kind]}, or --file.`);
}

function objectOf(flag: string, text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const { column } = jsonErrorPosition(text);
    throw new UsageError(`${flag}: expected a JSON object, got a mistake at column ${column}.`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new UsageError(`${flag}: expected a JSON object, as in {"thing1":"…"}.`);
}
