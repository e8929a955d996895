/** What an endpoint decided. How it looks on the wire, or gets damaged there, comes later. */
export type Verdict =
  | {
      readonly kind: 'ok';
      /** The whole reply as JSON text, because a message id does not fit a number. */
      readonly json: string;
    }
  | {
      readonly kind: 'refused';
      readonly errcode: number;
      /** Instead of the usual text of this code. */
      readonly errmsg?: string;
    };

export type Refusal = Extract<Verdict, { kind: 'refused' }>;

export function ok(json = '{"errcode":0,"errmsg":"ok"}'): Verdict {
  return { kind: 'ok', json };
}

export function refuse(errcode: number, errmsg?: string): Refusal {
  return errmsg === undefined ? { kind: 'refused', errcode } : { kind: 'refused', errcode, errmsg };
}

/**
 * The texts as seen in the field and on WeChat's global return-code page. Clients must not
 * match on them, so a code that is missing here gets a plain `error`.
 */
const TEXTS: Readonly<Record<number, string>> = {
  [-1]: 'system error',
  40001: 'invalid credential, access_token is invalid or not latest',
  40002: 'invalid grant_type',
  40003: 'invalid openid',
  40007: 'invalid media_id',
  40008: 'invalid message type',
  40013: 'invalid appid',
  40014: 'invalid access_token',
  40033: 'invalid charset. please check your request, if include \\uxxxx will create fail!',
  40036: 'invalid template_id size',
  40037: 'invalid template_id',
  40066: 'invalid url',
  40125: 'invalid appsecret',
  40164: 'invalid ip, not in whitelist',
  40200: 'invalid account type',
  40241: 'The message is duplicate in 60 seconds',
  40243: 'AppSecret is frozen',
  40249: 'this template msg has been blocked for illegal content',
  40252: '消息涉嫌违规,平台审核中',
  41001: 'access_token missing',
  41002: 'appid missing',
  41004: 'appsecret missing',
  41006: 'media_id missing',
  42001: 'access_token expired',
  43002: 'require POST method',
  43004: 'require subscribe',
  43019: 'require remove blacklist',
  43108: 'concurrent sending to the same user',
  43116: 'This template_id is banned',
  43117: 'sending to this user is too frequent',
  44002: 'empty post data',
  44003: 'empty news data',
  44004: 'empty content',
  45002: 'content size out of limit',
  45008: 'article size out of limit',
  45009: 'reach max api daily quota limit',
  45011: 'api minute-quota reach limit, must slower retry next minute',
  45015: 'response out of time limit or subscription is canceled',
  45047: 'out of response count limit',
  47001: 'data format error',
  47003: 'argument invalid!',
  48001: 'api unauthorized',
  48002: 'user block receive message',
  48004: 'api forbidden for irregularities',
  48006: 'forbid to clear quota because of reaching the limit',
  50002: 'user limited',
  50004: 'forbidden to use token api',
  50007: 'account frozen',
  61452: 'invalid kf_account',
  70000: 'blocked to protect minors',
  76001: 'rid not found',
  76002: 'rid is error',
  76003: 'no permission to query this rid',
  76004: 'rid is expired',
  76021: 'cgi_path not found',
  89503: 'ip needs the confirmation of an administrator',
  89506: 'ip refused twice by an administrator, retry in 24 hours',
  89507: 'ip refused by an administrator, retry in 1 hour',
};

export function textOf(refusal: Refusal): string {
  return refusal.errmsg ?? TEXTS[refusal.errcode] ?? 'error';
}
