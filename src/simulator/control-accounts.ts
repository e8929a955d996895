import { z } from 'zod';
import { accountSchema, type Account } from './account.ts';
import { done, type ControlCall, type ControlReply } from './control-call.ts';
import { RECIPIENT_EVENTS, recipientSchema } from './recipient.ts';
import type { World } from './world.ts';

const accountsSchema = z.union([
  z.strictObject({ accounts: z.array(accountSchema) }),
  accountSchema,
]);

/** `/_control/accounts`: adding one, or changing the parts that are given. */
export function controlAccounts({ accounts }: World, call: ControlCall): ControlReply {
  if (call.method === 'POST') {
    const parsed = accountsSchema.parse(call.body);
    for (const spec of 'accounts' in parsed ? parsed.accounts : [parsed]) accounts.set(spec);
  }
  return done({ accounts: accounts.all().map(accountView) });
}

const recipientsSchema = z.strictObject({
  appId: z.string().min(1),
  recipients: z.array(recipientSchema),
});

/** `/_control/recipients`: set in bulk, read one by one. */
export function controlRecipients(world: World, call: ControlCall): ControlReply {
  if (call.method !== 'POST') return readRecipient(world, call.query);
  const { appId, recipients } = recipientsSchema.parse(call.body);
  world.accounts.set({ appId, recipients });
  return done({ set: recipients.length });
}

const eventsSchema = z.strictObject({
  appId: z.string().min(1),
  events: z.array(
    z.strictObject({
      openid: z.string().min(1),
      event: z.enum(RECIPIENT_EVENTS),
      agoMs: z.number().min(0).default(0),
    }),
  ),
});

/** `/_control/events`: what users did, which opens and closes their windows. */
export function controlEvents({ accounts }: World, call: ControlCall): ControlReply {
  const { appId, events } = eventsSchema.parse(call.body);
  const { recipients } = accounts.get(appId) ?? accounts.set({ appId });
  for (const { openid, event, agoMs } of events) recipients.happen(openid, event, agoMs);
  return done({ happened: events.length });
}

function readRecipient({ accounts }: World, query: URLSearchParams): ControlReply {
  const account = accounts.get(query.get('appId') ?? '');
  const recipient = account?.recipients.find(query.get('openid') ?? '');
  if (recipient === undefined) return { status: 404, json: { error: 'no such recipient' } };
  return done({ ...recipient, window: recipient.window.view() });
}

function accountView(account: Account): unknown {
  return {
    appId: account.appId,
    condition: account.condition,
    anySecret: account.secret === undefined,
    templates: [...account.templates.keys()],
    recipients: account.recipients.size,
    quotas: account.quotas.paths().map((path) => ({ path, ...account.quotas.read(path) })),
  };
}
