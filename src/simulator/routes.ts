import type { Call } from './call.ts';
import { sendCustom } from './custom-send.ts';
import { passSend } from './gate.ts';
import {
  clearAllQuotas,
  clearAllQuotasBySecret,
  clearOneQuota,
  getQuota,
  getRid,
} from './quota-routes.ts';
import { sendTemplate } from './template-send.ts';
import { classicToken, stableToken } from './token-routes.ts';
import { refuse, type Verdict } from './verdict.ts';
import type { World } from './world.ts';

/** Everything WeChat answers here. An unknown path is 40066, with status 200 like all else. */
export function answer(
  world: World,
  call: Call,
  whenAnswered: (callback: () => void) => void,
): Verdict {
  switch (call.path) {
    case '/cgi-bin/token':
      return classicToken(world, call);
    case '/cgi-bin/stable_token':
      return stableToken(world, call);
    case '/cgi-bin/message/template/send':
      return passSend(world, call, whenAnswered, sendTemplate);
    case '/cgi-bin/message/custom/send':
      return passSend(world, call, whenAnswered, sendCustom);
    case '/cgi-bin/openapi/quota/get':
      return getQuota(world, call);
    case '/cgi-bin/openapi/quota/clear':
      return clearOneQuota(world, call);
    case '/cgi-bin/openapi/rid/get':
      return getRid(world, call);
    case '/cgi-bin/clear_quota':
      return clearAllQuotas(world, call);
    case '/cgi-bin/clear_quota/v2':
      return clearAllQuotasBySecret(world, call);
    default:
      return refuse(40066);
  }
}

/** The account a call is about, as far as can be told without judging it. */
export function appIdOf(world: World, call: Call): string | undefined {
  const token = call.query.get('access_token');
  if (token !== null) return world.accounts.token(token)?.appId;
  const named = call.query.get('appid') ?? call.json?.['appid'];
  return typeof named === 'string' ? named : undefined;
}
