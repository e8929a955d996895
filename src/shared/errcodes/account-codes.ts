import type { ClassedErrcode } from './entry.ts';

const HOUR_MS = 3_600_000;

/** Nothing of this account goes through until a person changes something. */
export const ACCOUNT_CODES: readonly ClassedErrcode[] = [
  {
    code: 40002,
    confidence: 'documented',
    meaning: {
      en: 'The grant_type of the token request is wrong.',
      zh: '获取 token 的 grant_type 不合法。',
    },
    advice: {
      en: 'A proxy or token centre changes the request; it must be client_credential.',
      zh: '请求可能被代理或中控服务改动；该参数必须为 client_credential。',
    },
  },
  {
    code: 40125,
    confidence: 'documented',
    meaning: { en: 'The AppSecret is wrong.', zh: 'AppSecret 无效。' },
    advice: {
      en: 'Copy the AppSecret of this appId anew from the MP console; a reset made the old one useless.',
      zh: '请从公众平台后台重新获取该 AppID 的 AppSecret；重置后旧值即失效。',
    },
  },
  {
    code: 40164,
    confidence: 'documented',
    meaning: {
      en: 'The address of this server is not on the account’s IP whitelist; the errmsg names it.',
      zh: '调用方 IP 不在公众号的 IP 白名单中；errmsg 中带有该 IP。',
    },
    advice: {
      en: 'Add the address from the errmsg to the IP whitelist in the MP console; it takes about five minutes to apply.',
      zh: '请把 errmsg 中的 IP 加入公众平台后台的 IP 白名单，约五分钟后生效。',
    },
  },
  {
    code: 40200,
    concernsMessage: true,
    confidence: 'documented',
    meaning: {
      en: 'This type of account may not use this API or this kind of message.',
      zh: '该类型的账号不能使用此接口或此类消息。',
    },
    advice: {
      en: 'Check the account’s verification and permissions; for msgmenu, send the ids as strings or use a text message.',
      zh: '请检查账号的认证状态和接口权限；若为菜单消息（msgmenu），请确认 id 为字符串，或改用文本消息。',
    },
  },
  {
    code: 40234,
    confidence: 'reported',
    meaning: {
      en: 'The signature of the API security mode is wrong.',
      zh: 'API 安全模式的签名无效。',
    },
    advice: {
      en: 'Switch the API security mode off for this account, or add the keys where requests are signed.',
      zh: '请关闭该账号的 API 安全模式，或在签名的环节配置正确的密钥。',
    },
  },
  {
    code: 40243,
    confidence: 'documented',
    meaning: {
      en: 'The AppSecret was frozen by the account’s owner.',
      zh: 'AppSecret 已被管理员冻结。',
    },
    advice: {
      en: 'Let the owner unfreeze it in the MP console.',
      zh: '请由管理员在公众平台后台解冻。',
    },
  },
  {
    code: 41002,
    confidence: 'documented',
    meaning: { en: 'The appid is missing from the request.', zh: '请求中缺少 appid 参数。' },
    advice: {
      en: 'Look for a proxy that strips parameters from the token request.',
      zh: '请检查是否有代理去掉了获取 token 请求中的参数。',
    },
  },
  {
    code: 41004,
    confidence: 'documented',
    meaning: { en: 'The AppSecret is missing from the request.', zh: '请求中缺少 secret 参数。' },
    advice: {
      en: 'Look for a proxy that strips parameters from the token request.',
      zh: '请检查是否有代理去掉了获取 token 请求中的参数。',
    },
  },
  {
    code: 42002,
    confidence: 'documented',
    meaning: {
      en: 'The refresh token of an authorization has expired.',
      zh: 'refresh_token 已过期。',
    },
    advice: {
      en: 'Let the account authorise the platform again.',
      zh: '请让公众号重新授权给第三方平台。',
    },
  },
  {
    code: 42007,
    confidence: 'documented',
    meaning: {
      en: 'The authorization lapsed, for example after a change of password.',
      zh: '授权已失效（例如修改了微信密码），需要重新授权。',
    },
    advice: { en: 'Authorise again.', zh: '请重新授权。' },
  },
  {
    code: 43104,
    confidence: 'sdk',
    meaning: {
      en: 'The account has no permission for this API.',
      zh: '账号没有调用该接口的权限。',
    },
    advice: {
      en: 'Check the API permissions of the account in the MP console.',
      zh: '请在公众平台后台检查接口权限。',
    },
  },
  {
    code: 43106,
    confidence: 'reported',
    meaning: {
      en: 'The account may not add templates at present, as a penalty.',
      zh: '账号因违规处罚，暂时不能添加模板。',
    },
    advice: {
      en: 'Read the notice in the MP console and wait for the penalty’s end or appeal.',
      zh: '请在公众平台后台查看违规通知，等待处罚结束或申诉。',
    },
  },
  {
    code: 43107,
    confidence: 'documented',
    meaning: {
      en: 'The account’s ability to send these messages has been banned.',
      zh: '账号的消息能力已被封禁。',
    },
    advice: {
      en: 'Read the notice in the MP console and appeal there.',
      zh: '请在公众平台后台查看违规通知并申诉。',
    },
  },
  {
    code: 45035,
    confidence: 'documented',
    meaning: { en: 'The calling address is not registered.', zh: '调用方 IP 未登记。' },
    advice: {
      en: 'Register this server’s address in the MP console.',
      zh: '请在公众平台后台登记本服务器的 IP。',
    },
  },
  {
    code: 45103,
    confidence: 'reported',
    meaning: { en: 'WeChat has withdrawn this API.', zh: '该接口已下线。' },
    advice: {
      en: 'Look for its successor in WeChat’s documentation.',
      zh: '请在微信官方文档中查找替代接口。',
    },
  },
  {
    code: 48001,
    confidence: 'documented',
    meaning: {
      en: 'The account is not entitled to this API; template messages need a verified service account.',
      zh: 'api 功能未授权；模板消息仅限已认证的服务号使用。',
    },
    advice: {
      en: 'Check type, verification and API permissions of the account in the MP console.',
      zh: '请在公众平台后台检查账号类型、认证状态和接口权限。',
    },
  },
  {
    code: 48003,
    confidence: 'sdk',
    meaning: { en: 'The mass-send agreement was not accepted.', zh: '未同意群发协议。' },
    advice: {
      en: 'Accept it in the MP console.',
      zh: '请在公众平台后台同意群发协议。',
    },
  },
  {
    code: 48004,
    confidence: 'documented',
    meaning: {
      en: 'WeChat has banned this API for the account because of irregularities.',
      zh: '接口因违规被封禁。',
    },
    advice: {
      en: 'Read the notice in the MP console and appeal there.',
      zh: '请在公众平台后台查看违规通知并申诉。',
    },
  },
  {
    code: 48006,
    confidence: 'documented',
    meaning: {
      en: 'The quota was cleared as often as is allowed this month.',
      zh: '本月清零调用次数的机会已用完。',
    },
    advice: {
      en: 'Wait for the daily reset of the quota.',
      zh: '请等待次日额度自动恢复。',
    },
  },
  {
    code: 48008,
    concernsMessage: true,
    confidence: 'documented',
    meaning: {
      en: 'The account may not send this type of message.',
      zh: '没有该类型消息的发送权限。',
    },
    advice: {
      en: 'Use another msgtype, or obtain the permission in the MP console.',
      zh: '请改用其他消息类型，或在公众平台后台开通权限。',
    },
  },
  {
    code: 50001,
    confidence: 'documented',
    meaning: { en: 'The account has not authorised this API.', zh: '公众号未授权该接口。' },
    advice: {
      en: 'Authorise it in the MP console, or let the platform ask for it.',
      zh: '请在公众平台后台授权，或由第三方平台重新发起授权。',
    },
  },
  {
    code: 50002,
    confidence: 'documented',
    meaning: {
      en: 'The account is restricted: banned or closed.',
      zh: '账号受限，可能已被封禁或注销。',
    },
    advice: {
      en: 'Read the notice in the MP console and appeal there.',
      zh: '请在公众平台后台查看通知并申诉。',
    },
  },
  {
    code: 50004,
    confidence: 'documented',
    meaning: {
      en: 'The account may not obtain access tokens.',
      zh: '禁止该账号使用获取 token 的接口。',
    },
    advice: {
      en: 'Read the notice in the MP console; ask WeChat’s support if there is none.',
      zh: '请在公众平台后台查看通知；若无通知，请联系微信客服。',
    },
  },
  {
    code: 50007,
    confidence: 'documented',
    meaning: { en: 'The account is frozen.', zh: '账号已被冻结。' },
    advice: {
      en: 'Read the notice in the MP console and follow it.',
      zh: '请在公众平台后台查看通知，并按要求处理。',
    },
  },
  {
    code: 61003,
    confidence: 'sdk',
    meaning: {
      en: 'The account has not authorised the third-party platform.',
      zh: '公众号未授权给该第三方平台。',
    },
    advice: { en: 'Let the account authorise the platform.', zh: '请让公众号授权给该第三方平台。' },
  },
  {
    code: 61004,
    confidence: 'documented',
    meaning: {
      en: 'This server’s address is not registered with the third-party platform.',
      zh: '调用方 IP 未在第三方平台登记。',
    },
    advice: {
      en: 'Add the address to the platform’s IP whitelist.',
      zh: '请把该 IP 加入第三方平台的 IP 白名单。',
    },
  },
  {
    code: 61007,
    confidence: 'sdk',
    meaning: {
      en: 'The account authorised the platform, but not for this API.',
      zh: '公众号未把该接口的权限授权给第三方平台。',
    },
    advice: {
      en: 'Let the account authorise again with the permission set of this API.',
      zh: '请让公众号重新授权，并勾选该接口所属的权限集。',
    },
  },
  {
    code: 61023,
    confidence: 'sdk',
    meaning: {
      en: 'The authorizer_refresh_token is not valid.',
      zh: 'authorizer_refresh_token 无效。',
    },
    advice: {
      en: 'Read it again from the list of authorised accounts, or let the account authorise anew.',
      zh: '请从已授权账号列表中重新获取，或让公众号重新授权。',
    },
  },
  {
    code: 65400,
    concernsMessage: true,
    confidence: 'documented',
    meaning: {
      en: 'The new customer-service feature is not enabled.',
      zh: '未开通或未升级到新版客服功能。',
    },
    advice: { en: 'Enable it in the MP console.', zh: '请在公众平台后台开通新版客服功能。' },
  },
  {
    code: 89501,
    confidence: 'inferred',
    meaning: {
      en: 'This server’s address is waiting for the administrator’s consent.',
      zh: '此 IP 正在等待管理员确认。',
    },
    advice: {
      en: 'Let the administrator confirm the request that WeChat sent.',
      zh: '请让管理员在微信中确认该请求。',
    },
  },
  {
    code: 89503,
    confidence: 'documented',
    meaning: {
      en: 'WeChat asks the administrator to confirm calls from this address.',
      zh: '此次调用需要管理员确认。',
    },
    advice: {
      en: 'Let the administrator confirm the message WeChat sent; put the address on the IP whitelist.',
      zh: '请让管理员在收到的微信消息中确认，并把该 IP 加入 IP 白名单。',
    },
  },
  {
    code: 89506,
    reprobeMs: 24 * HOUR_MS,
    confidence: 'documented',
    meaning: {
      en: 'The administrator refused this address; it is blocked for 24 hours.',
      zh: '管理员已拒绝此 IP，24 小时内不能再用此 IP 调用。',
    },
    advice: {
      en: 'Ask the administrator why; send from an address on the whitelist meanwhile.',
      zh: '请与管理员确认原因；其间可改用白名单内的 IP 调用。',
    },
  },
  {
    code: 89507,
    reprobeMs: HOUR_MS,
    confidence: 'documented',
    meaning: {
      en: 'The administrator refused this address; it is blocked for an hour.',
      zh: '管理员已拒绝此 IP，1 小时内不能再用此 IP 调用。',
    },
    advice: {
      en: 'Ask the administrator to consent next time, or put the address on the IP whitelist.',
      zh: '请与管理员沟通，下次予以确认，或把该 IP 加入 IP 白名单。',
    },
  },
];
