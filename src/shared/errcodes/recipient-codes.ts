import type { ClassedErrcode } from './entry.ts';

/** This recipient cannot get it: nothing about the message or the account is wrong. */
export const RECIPIENT_CODES: readonly ClassedErrcode[] = [
  {
    code: 40003,
    confidence: 'documented',
    meaning: {
      en: 'The openid is not valid, or belongs to another account.',
      zh: 'openid 无效，或不属于该公众号。',
    },
    advice: {
      en: 'Check that the openid was obtained from this very account; openids differ per account.',
      zh: '请确认该 openid 来自当前公众号；同一用户在不同公众号下的 openid 不同。',
    },
  },
  {
    code: 43004,
    confidence: 'documented',
    meaning: { en: 'The recipient does not follow the account.', zh: '需要接收者关注公众号。' },
    advice: {
      en: 'Ask the user to follow. If they do follow, redrive later: reports say this answer can lag after a re-follow.',
      zh: '请引导用户关注。若用户已关注，可稍后重新投递：有反馈称取关后重新关注时该状态会滞后。',
    },
  },
  {
    code: 43005,
    confidence: 'documented',
    meaning: { en: 'The recipient is not connected with the account.', zh: '需要好友关系。' },
    advice: { en: 'Ask the user to follow the account.', zh: '请引导用户关注公众号。' },
  },
  {
    code: 43019,
    confidence: 'documented',
    meaning: {
      en: 'The recipient is on the account’s blacklist.',
      zh: '接收者在该公众号的黑名单中。',
    },
    advice: {
      en: 'Take the user off the blacklist in the MP console, then redrive.',
      zh: '请在公众平台后台将该用户移出黑名单，再重新投递。',
    },
  },
  {
    code: 43101,
    confidence: 'documented',
    meaning: {
      en: 'The recipient has not subscribed to this message, refused it, or used up a one-time subscription.',
      zh: '用户未订阅、已拒收该消息，或一次性订阅次数已用完。',
    },
    advice: {
      en: 'Ask the user to subscribe again; each one-time consent allows one message.',
      zh: '请引导用户重新订阅；一次性订阅每次授权只能发送一条。',
    },
  },
  {
    code: 46004,
    confidence: 'documented',
    meaning: { en: 'The user does not exist.', zh: '不存在的用户。' },
    advice: {
      en: 'Remove the openid from your records; the WeChat user is gone or the value is wrong.',
      zh: '请从业务数据中移除该 openid：对应的微信用户已不存在，或该值有误。',
    },
  },
  {
    code: 48002,
    confidence: 'documented',
    meaning: {
      en: 'The follower has switched off messages from this account.',
      zh: '粉丝已关闭接收该公众号的消息。',
    },
    advice: {
      en: 'Reach the user another way; only the user can switch messages on again.',
      zh: '请通过其他渠道联系用户；只有用户本人能重新打开接收消息。',
    },
  },
  {
    code: 50005,
    confidence: 'documented',
    meaning: { en: 'The user does not follow the account.', zh: '用户未关注公众号。' },
    advice: { en: 'Ask the user to follow the account.', zh: '请引导用户关注公众号。' },
  },
  {
    code: 70000,
    confidence: 'documented',
    meaning: {
      en: 'WeChat blocks this message to this recipient for the protection of minors.',
      zh: '因未成年人保护，该消息被拦截，无法下发给该用户。',
    },
    advice: { en: 'Do not send this content to this user.', zh: '请勿再向该用户发送此类内容。' },
  },
];
