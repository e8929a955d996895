import type { ErrcodeClass } from '../outcome.ts';
import type { Localized } from './entry.ts';

/** What we do about each class by ourselves, before anybody acts. */
export const HAPPENS_NOW: Readonly<Record<ErrcodeClass | 'unknown-code', Localized>> = {
  ok: {
    en: 'The message counts as sent. A delivery receipt may follow for template messages.',
    zh: '消息记为已发送。模板消息之后可能还会收到送达回执。',
  },
  'held-review': {
    en: 'The message is "held": WeChat keeps it and delivers it after review. We do not send it again.',
    zh: '消息记为“held”（待审核）：由微信保管，审核通过后由微信自行下发。我们不会重发。',
  },
  'refresh-token': {
    en: 'The access token is renewed and the message is sent again at once; this spends no attempt.',
    zh: '自动更新 access_token 并立即重新发送，不消耗尝试次数。',
  },
  transient: {
    en: 'The message is tried again with growing pauses; after the last attempt it becomes a dead letter.',
    zh: '按递增的间隔自动重试；全部尝试用完后转为死信。',
  },
  'rate-minute': {
    en: 'The lane sleeps 5 seconds, doubling up to 60 while WeChat repeats it; no attempt is spent.',
    zh: '该通道暂停 5 秒，若微信继续限流则逐次加倍，最长 60 秒；不消耗尝试次数。',
  },
  'rate-recipient': {
    en: 'This recipient is left alone for a while, then tried again; after the last attempt the message becomes a dead letter. Other recipients do not wait.',
    zh: '暂停向该接收者发送一段时间后再试，全部尝试用完后转为死信；其他接收者不受影响。',
  },
  'quota-day': {
    en: 'The lane sleeps until the quota is expected back, shortly after midnight in Beijing; no attempt is spent.',
    zh: '该通道暂停到额度预计恢复之时（北京时间零点过后）；不消耗尝试次数。',
  },
  'account-config': {
    en: 'Refused for a message, its lane sleeps a minute, up to ten while it repeats; refused for a token, the account is paused and probed. Messages wait and spend no attempts.',
    zh: '若发送消息时被拒，该通道休眠一分钟，重复出现时最长十分钟；若获取 token 时被拒，该公众号暂停发送并定时试探。消息全部等待，不消耗尝试次数。',
  },
  'dup-suppressed': {
    en: 'If an earlier attempt had an unclear outcome, the message counts as sent; otherwise it is tried again after a minute.',
    zh: '若之前某次尝试结果不明，则视为已发送；否则一分钟后再试。',
  },
  'permanent-recipient': {
    en: 'The message becomes a dead letter at once; trying again cannot help while the recipient stays as is.',
    zh: '消息立即转为死信；接收者的状态不变，重试也没有用。',
  },
  'permanent-payload': {
    en: 'The message becomes a dead letter at once; the same content would be refused again.',
    zh: '消息立即转为死信；相同内容重发仍会被拒绝。',
  },
  'template-config': {
    en: 'The message becomes a dead letter; redrive it once the template is usable again.',
    zh: '消息转为死信；模板恢复可用后可以重新投递。',
  },
  'window-expired': {
    en: 'The message becomes a dead letter; it can be redriven once the recipient opens a new window.',
    zh: '消息转为死信；接收者再次互动、打开新的客服窗口后可以重新投递。',
  },
  'window-quota': {
    en: 'The message becomes a dead letter; it can be redriven once the recipient has written again.',
    zh: '消息转为死信；接收者再次发来消息后可以重新投递。',
  },
  'unknown-code': {
    en: 'It never counts as sent: a template message is tried twice more, a customer-service message becomes a dead letter at once.',
    zh: '绝不视为已发送：模板消息再试两次，客服消息立即转为死信。',
  },
};

/** Stands in for codes the table does not know. */
export const UNKNOWN: { readonly meaning: Localized; readonly advice: Localized } = {
  meaning: {
    en: 'A code that is not in our table.',
    zh: '错误码表中没有收录这个错误码。',
  },
  advice: {
    en: 'Look it up in WeChat’s documentation by code and errmsg, or query its rid in the developer console, and tell us so that the table can learn it.',
    zh: '请根据错误码和 errmsg 查阅微信官方文档，或用 rid 在开发者工具中查询，并告知我们以便补充到错误码表。',
  },
};
