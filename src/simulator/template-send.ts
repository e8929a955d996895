import { textField } from './call.ts';
import { contentHash } from './content-hash.ts';
import type { Fate } from './record.ts';
import type { Send } from './gate.ts';
import { judgeData, TEMPLATE_ID_LENGTH } from './template.ts';
import type { Recipient } from './recipient.ts';
import { ok, refuse, type Refusal, type Verdict } from './verdict.ts';

/**
 * `POST /cgi-bin/message/template/send` (WeChat page "Send template message"). What is wrong
 * with the message itself comes first, then the repeat of a `client_msg_id`, then what depends
 * on the recipient.
 */
export function sendTemplate(send: Send): Verdict {
  const { account, call, world } = send;
  const openid = textField(call, 'touser');
  const recipient = openid === undefined ? undefined : account.recipients.find(openid);
  if (openid === undefined || recipient === undefined) return refuse(40003);
  send.whenAnswered(account.guard.enter(openid));

  const templateId = textField(call, 'template_id') ?? '';
  const template = account.templates.get(templateId);
  if (template === undefined) {
    const refusal = unknownTemplate(templateId, world.settings.unknownTemplates);
    if (refusal !== undefined) return refusal;
  }
  if (template?.banned === true) return refuse(43116);
  const data = judgeData(call.json?.['data'], template);
  if (data.kind === 'invalid') return refuse(47003, `argument invalid! ${data.field} invalid`);

  const clientMsgId = textField(call, 'client_msg_id') || undefined;
  const hash = contentHash(call.json);
  const add = (fate: Fate, msgid: string): void =>
    send.accept({
      kind: 'template',
      openid,
      clientMsgId,
      msgid,
      contentHash: hash,
      fate,
      shown: data.shown,
    });

  const first = clientMsgId === undefined ? undefined : account.dedupe.find(openid, clientMsgId);
  if (first !== undefined) {
    add({ kind: 'absorbed' }, first);
    return replyToRepeat(world.settings.dedupeReply, first);
  }

  const refusal = recipientRefusal(recipient);
  if (refusal !== undefined) return refusal;
  const throttled = account.guard.check(openid, hash);
  if (throttled !== 0) return refuse(throttled);

  const msgid = world.msgids.next();
  if (clientMsgId !== undefined) account.dedupe.remember(openid, clientMsgId, msgid);
  account.guard.accepted(openid, hash);
  if (recipient.review !== undefined) {
    const until = world.clock.now() + world.settings.reviewMs;
    add({ kind: 'held', until, ending: recipient.review }, msgid);
    return refuse(40252);
  }
  add({ kind: 'shown' }, msgid);
  return ok(accepted(msgid));
}

function unknownTemplate(id: string, mode: 'accept' | '40037'): Refusal | undefined {
  if (id === '') return refuse(40036);
  if (mode === 'accept') return undefined;
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
