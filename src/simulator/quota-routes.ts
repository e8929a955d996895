import { textField, type Call } from './call.ts';
import { admit } from './gate.ts';
import { RID_LIFE_MS, RID_SHAPE } from './rid.ts';
import { ok, refuse, type Verdict } from './verdict.ts';
import type { World } from './world.ts';

/** `POST /cgi-bin/openapi/quota/get`: what an account may still call today. */
export function getQuota(world: World, call: Call): Verdict {
  if (call.method !== 'POST') return refuse(43002);
  const admitted = admit(world, call);
  if ('kind' in admitted) return admitted;
  const quota = admitted.account.quotas.read(textField(call, 'cgi_path') ?? '');
  if (quota === undefined) return refuse(76021);
  const remain = Math.max(0, quota.daily - quota.used);
  const perMinute = quota.perMinute > 0 ? quota.perMinute : undefined;
  return ok(
    JSON.stringify({
      errcode: 0,
      errmsg: 'ok',
      quota: { daily_limit: quota.daily, used: quota.used, remain },
      ...(perMinute && { rate_limit: { call_count: perMinute, refresh_second: 60 } }),
    }),
  );
}

/** `POST /cgi-bin/openapi/quota/clear`: one path back to zero, 50 times a month. */
export function clearOneQuota(world: World, call: Call): Verdict {
  if (call.method !== 'POST') return refuse(43002);
  const admitted = admit(world, call);
  if ('kind' in admitted) return admitted;
  const path = textField(call, 'cgi_path') ?? '';
  if (admitted.account.quotas.read(path) === undefined) return refuse(76021);
  return admitted.account.quotas.clear(path) ? ok() : refuse(48006);
}

/** `POST /cgi-bin/clear_quota`: all paths back to zero, ten times a month. */
export function clearAllQuotas(world: World, call: Call): Verdict {
  if (call.method !== 'POST') return refuse(43002);
  const admitted = admit(world, call);
  if ('kind' in admitted) return admitted;
  if (textField(call, 'appid') !== admitted.account.appId) return refuse(40013);
  return admitted.account.quotas.clear() ? ok() : refuse(48006);
}

/** `POST /cgi-bin/clear_quota/v2`: the same without a token, for when none can be had. */
export function clearAllQuotasBySecret(world: World, call: Call): Verdict {
  if (call.method !== 'POST') return refuse(43002);
  const appId = textField(call, 'appid') ?? call.query.get('appid');
  const secret = textField(call, 'appsecret') ?? call.query.get('appsecret');
  if (!appId) return refuse(41002);
  if (!secret) return refuse(41004);
  const account = world.accounts.get(appId);
  if (account === undefined) return refuse(40013);
  if (account.secret !== undefined && account.secret !== secret) return refuse(40125);
  return account.quotas.clear() ? ok() : refuse(48006);
}

/** `POST /cgi-bin/openapi/rid/get`: what a refused request was; ours keeps no token in it. */
export function getRid(world: World, call: Call): Verdict {
  if (call.method !== 'POST') return refuse(43002);
  const admitted = admit(world, call);
  if ('kind' in admitted) return admitted;
  const rid = textField(call, 'rid');
  if (!rid) return refuse(76001);
  if (!RID_SHAPE.test(rid)) return refuse(76002);
  const entry = world.rids.find(rid);
  if (entry === undefined || entry.appId !== admitted.account.appId) return refuse(76003);
  if (world.clock.now() - entry.at > RID_LIFE_MS) return refuse(76004);
  const request = {
    invoke_time: Math.floor(entry.at / 1_000),
    cost_in_ms: 30,
    request_url: entry.url,
    request_body: entry.requestBody,
    response_body: entry.responseBody,
    client_ip: entry.clientIp,
  };
  return ok(JSON.stringify({ errcode: 0, errmsg: 'ok', request }));
}
