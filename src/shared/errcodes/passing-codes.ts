import type { Errcode } from './entry.ts';

/** Answers after which waiting, a new token or nothing at all is the right thing to do. */
export const PASSING_CODES: readonly Errcode[] = [
  {
    code: 0,
    class: 'ok',
    confidence: 'documented',
    meaning: { en: 'WeChat accepted the request.', zh: '请求成功。' },
    advice: { en: 'Nothing to do.', zh: '无需处理。' },
  },
  {
    code: -1,
    class: 'transient',
    confidence: 'documented',
    meaning: { en: 'WeChat’s system is busy.', zh: '微信系统繁忙。' },
    advice: {
      en: 'Wait. If bursts of it last, lower the lane’s rate: many simultaneous sends provoke it.',
      zh: '稍候即可。若持续成批出现，请调低该通道的发送速率：大量并发发送容易触发。',
    },
  },
  {
    code: 40001,
    class: 'refresh-token',
    atTokenEndpoint: 'account-config',
    confidence: 'documented',
    meaning: {
      en: 'The access token is not valid or not the latest one; at the token endpoint: the AppSecret is wrong.',
      zh: 'access_token 无效或不是最新的；若由获取 token 的接口返回，则表示 AppSecret 错误。',
    },
    advice: {
      en: 'Seen often: another system fetches tokens for this account. Let all of them use stable_token or one token centre. At the token endpoint: correct the secret in the accounts file.',
      zh: '若频繁出现，说明有其他系统也在为该公众号获取 token，请统一改用 stable_token 或同一个中控服务。若由获取 token 的接口返回，请更正账号文件中的 secret。',
    },
  },
  {
    code: 40014,
    class: 'refresh-token',
    atTokenEndpoint: 'account-config',
    confidence: 'documented',
    meaning: { en: 'The access token is malformed or invalid.', zh: 'access_token 不合法。' },
    advice: {
      en: 'If it does not pass by itself, check that the token source hands out the token unshortened (512 characters must fit).',
      zh: '若没有自动恢复，请检查 token 来源返回的值是否完整（需预留 512 个字符）。',
    },
  },
  {
    code: 41001,
    class: 'refresh-token',
    atTokenEndpoint: 'account-config',
    confidence: 'documented',
    meaning: {
      en: 'The access token is missing from the request.',
      zh: '请求中缺少 access_token 参数。',
    },
    advice: {
      en: 'If it repeats, look for a proxy that strips query parameters, and at the token source.',
      zh: '若反复出现，请检查是否有代理去掉了 URL 参数，并检查 token 来源。',
    },
  },
  {
    code: 42001,
    class: 'refresh-token',
    atTokenEndpoint: 'account-config',
    confidence: 'documented',
    meaning: { en: 'The access token has expired.', zh: 'access_token 已过期。' },
    advice: {
      en: 'If it repeats, check the clocks of the machines and the expiry that the token source reports.',
      zh: '若反复出现，请检查服务器时钟以及 token 来源返回的有效期。',
    },
  },
  {
    code: 40241,
    class: 'dup-suppressed',
    confidence: 'reported',
    meaning: {
      en: 'WeChat took the same message within the last 60 seconds.',
      zh: '60 秒内已收到过相同的消息。',
    },
    advice: {
      en: 'Nothing, if it followed an unclear attempt. Otherwise look for a caller that sends the same content twice under different ids.',
      zh: '若发生在结果不明的尝试之后，无需处理；否则请检查调用方是否用不同的 id 重复发送了相同内容。',
    },
  },
  {
    code: 40252,
    class: 'held-review',
    confidence: 'reported',
    meaning: {
      en: 'WeChat took the message, reviews its content (about half an hour) and delivers it itself if it passes.',
      zh: '微信已收下该消息并进行内容审核（约半小时），通过后自动下发。',
    },
    advice: {
      en: 'Do not send it again, or the recipient gets it twice. If many are held, make the template’s texts less like advertising.',
      zh: '请勿重发，否则用户会收到两条。若大量消息被审核，请调整模板内容，避免营销性质的文字。',
    },
  },
  {
    code: 43108,
    class: 'rate-recipient',
    confidence: 'documented',
    meaning: {
      en: 'Several sends to the same openid at the same time.',
      zh: '对同一个 openid 并发下发消息。',
    },
    advice: {
      en: 'Nothing. If it repeats, another system sends to the same recipients.',
      zh: '无需处理。若反复出现，说明还有其他系统在向同一批用户发送消息。',
    },
  },
  {
    code: 43117,
    class: 'rate-recipient',
    confidence: 'reported',
    meaning: {
      en: 'Too many messages to this openid; WeChat publishes no threshold.',
      zh: '向该 openid 下发消息过于频繁；微信未公布具体阈值。',
    },
    advice: {
      en: 'Send this recipient less: combine messages that follow each other closely.',
      zh: '请减少向该用户发送的次数，把间隔很近的消息合并成一条。',
    },
  },
  {
    code: 45009,
    class: 'quota-day',
    confidence: 'documented',
    meaning: {
      en: 'The daily quota of this API is used up.',
      zh: '该接口当日调用次数已达上限。',
    },
    advice: {
      en: 'Wait for the next day, or clear the quota in the MP console (10 times a month). At the token endpoint: find who fetches tokens so often.',
      zh: '等待次日恢复，或在公众平台后台清零调用次数（每月 10 次）。若由获取 token 的接口返回，请找出频繁获取 token 的系统。',
    },
  },
  {
    code: 45011,
    class: 'rate-minute',
    confidence: 'documented',
    meaning: {
      en: 'Too many calls within the last minute.',
      zh: 'API 调用太频繁，超过每分钟限制。',
    },
    advice: {
      en: 'If it repeats, lower the account’s rate in the accounts file.',
      zh: '若反复出现，请在账号文件中调低该公众号的发送速率。',
    },
  },
  {
    code: 45015,
    class: 'window-expired',
    confidence: 'documented',
    meaning: {
      en: 'The recipient has not interacted lately, so no customer-service window is open, or does not follow the account.',
      zh: '用户近期没有互动，客服消息窗口已关闭，或用户已取消关注。',
    },
    advice: {
      en: 'Send a template message instead, or wait until the recipient writes or taps a menu.',
      zh: '请改发模板消息，或等用户再次发来消息或点击菜单。',
    },
  },
  {
    code: 45047,
    class: 'window-quota',
    confidence: 'documented',
    meaning: {
      en: 'The window is open but its messages are used up (5 after a user’s message, 3 after a tap, follow or scan).',
      zh: '窗口仍有效，但可下发条数已用完（用户发消息后 5 条，点击菜单、关注或扫码后 3 条）。',
    },
    advice: {
      en: 'Combine texts into fewer messages, or send a template message; a new message of the recipient resets the count.',
      zh: '请合并内容以减少条数，或改发模板消息；用户再次发来消息后次数会重新计算。',
    },
  },
  {
    code: 45065,
    class: 'dup-suppressed',
    confidence: 'documented',
    meaning: {
      en: 'A mass-send with this clientmsgid exists already.',
      zh: '相同 clientmsgid 的群发记录已存在。',
    },
    advice: {
      en: 'Nothing: the first one counts.',
      zh: '无需处理，以第一次为准。',
    },
  },
  {
    code: 45066,
    class: 'transient',
    confidence: 'documented',
    meaning: {
      en: 'The same clientmsgid was repeated too fast (a minute must lie between).',
      zh: '相同 clientmsgid 重试过快，需间隔 1 分钟。',
    },
    advice: { en: 'Wait.', zh: '稍候即可。' },
  },
  {
    code: 61450,
    class: 'transient',
    confidence: 'documented',
    meaning: { en: 'WeChat’s customer-service system failed.', zh: '客服系统错误。' },
    advice: {
      en: 'Wait; report it to WeChat if it lasts.',
      zh: '稍候即可；若持续出现，请向微信反馈。',
    },
  },
  {
    code: 9001002,
    class: 'transient',
    confidence: 'documented',
    meaning: { en: 'A service behind WeChat’s API is unavailable.', zh: '微信后端服务不可用。' },
    advice: {
      en: 'Wait; report it to WeChat if it lasts.',
      zh: '稍候即可；若持续出现，请向微信反馈。',
    },
  },
];
