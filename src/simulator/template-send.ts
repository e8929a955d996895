import { textField } from './call.ts';
import { contentHash } from './content-hash.ts';
import type { Send } from './gate.ts';
import { judgeData, TEMPLATE_ID_LENGTH, type Template } from './template.ts';
import type { Recipient } from './recipient.ts';
import { ok, refuse, type Refusal, type Verdict } from './verdict.ts';

/**
 * `POST /cgi-bin/message/template/send` (WeChat page "Send template message"). What is wrong
 * with the message itself comes first, then the repeat of a `client_msg_id`, then what depends
 * on the recipient.
 */
export function sendTemplate(send: Send): Verdict {
  const { account, call } = send;
  const openid = textField(call, 'touser');
  const recipient = openid === undefined ? undefined : account.recipients.find(openid);
  if (recipient === undefined) return refuse(40003);
  send.whenAnswered(account.guard.enter(recipient.openid));

  const templateId = textField(call, 'template_id') ?? '';
  const template = account.templates.get(templateId);
  const refusal = templateRefusal(templateId, template, send.world.settings.unknownTemplates);
  if (refusal !== undefined) return refusal;
  const data = judgeData(call.json?.['data'], template);
  if (data.kind === 'invalid') return refuse(47003, `argument invalid! ${data.field} invalid`);
  return accept(send, recipient, data.shown);
}

/** A well-made message: a repeat, refused for its recipient's sake, held, or shown. */
function accept(
  { account, call, world, accept: write }: Send,
  recipient: Recipient,
  shown: Readonly<Record<string, string>> | undefined,
): Verdict {
  const { openid, review } = recipient;
  const { settings } = world;
  const clientMsgId = textField(call, 'client_msg_id') || undefined;
  const isHashed = clientMsgId === undefined || settings.duplicateGuardMs > 0;
  const hash = isHashed ? contentHash(contentOf(call.json)) : undefined;
  const entry = { kind: 'template', openid, clientMsgId, contentHash: hash, shown } as const;

  const first = clientMsgId === undefined ? undefined : account.dedupe.find(openid, clientMsgId);
  if (first !== undefined) {
    write({ ...entry, msgid: first, fate: { kind: 'absorbed' } });
    return replyToRepeat(settings.dedupeReply, first);
  }
  const refusal = recipientRefusal(recipient);
  if (refusal !== undefined) return refusal;
  const throttled = account.guard.check(openid, hash);
  if (throttled !== 0) return refuse(throttled);

  const msgid = world.msgids.next();
  if (clientMsgId !== undefined) account.dedupe.remember(openid, clientMsgId, msgid);
  account.guard.accepted(openid, hash);
  if (review === undefined) {
    write({ ...entry, msgid, fate: { kind: 'shown' } });
    return ok(accepted(msgid));
  }
  const until = world.clock.now() + settings.reviewMs;
  write({ ...entry, msgid, fate: { kind: 'held', until, ending: review } });
  return refuse(40252);
}

/** What the message says, whatever its id. */
function contentOf(body: Record<string, unknown> = {}): unknown {
  return { ...body, client_msg_id: undefined };
}

function templateRefusal(
  id: string,
  template: Template | undefined,
  unknown: 'accept' | '40037',
): Refusal | undefined {
  if (template !== undefined) return template.banned ? refuse(43116) : undefined;
  if (id === '') return refuse(40036);
  if (unknown === 'accept') return undefined;
  return refuse(id.length === TEMPLATE_ID_LENGTH ? 40037 : 40036);
}

function recipientRefusal(recipient: Recipient): Refusal | undefined {
  if (!recipient.followed) return refuse(43004);
  if (recipient.blacklisted) return refuse(43019);
  if (recipient.blocked) return refuse(48002);
  return recipient.answer === undefined ? undefined : refuse(recipient.answer);
}

/** Undocumented what a repeat is told, so a sender has to cope with each of these. */
function replyToRepeat(mode: 'same-msgid' | '40241' | 'zero', msgid: string): Verdict {
  switch (mode) {
    case 'same-msgid':
      return ok(accepted(msgid));
    case '40241':
      return refuse(40241);
    case 'zero':
      return ok(accepted('0'));
  }
}

/** Written by hand: the id has more digits than a JavaScript number keeps. */
function accepted(msgid: string): string {
  return `{"errcode":0,"errmsg":"ok","msgid":${msgid}}`;
}
