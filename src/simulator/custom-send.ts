import { textField } from './call.ts';
import { contentHash } from './content-hash.ts';
import { judgeCustomMessage } from './custom-message.ts';
import type { Send } from './gate.ts';
import { ok, refuse, type Verdict } from './verdict.ts';

/**
 * `POST /cgi-bin/message/custom/send` (WeChat page "Send customer service message"). Its reply
 * has no id and nothing absorbs a repeat: every call that gets through is another message.
 */
export function sendCustom(send: Send): Verdict {
  const { account, call } = send;
  const openid = textField(call, 'touser');
  const recipient = openid === undefined ? undefined : account.recipients.find(openid);
  if (openid === undefined || recipient === undefined) return refuse(40003);

  const refusal = judgeCustomMessage(call.json ?? {});
  if (refusal !== undefined) return refusal;

  // Unfollowed and out of time share one code; WeChat does not say which it was.
  if (!recipient.followed) return refuse(45015);
  if (recipient.blacklisted) return refuse(43019);
  if (recipient.blocked) return refuse(48002);
  if (recipient.answer !== undefined) return refuse(recipient.answer);
  const spent = recipient.window.spend();
  if (spent !== 0) return refuse(spent);

  send.accept({
    kind: 'custom',
    openid,
    clientMsgId: undefined,
    msgid: undefined,
    contentHash: contentHash(call.json),
    fate: { kind: 'shown' },
    shown: undefined,
  });
  return ok();
}
