import { CONDITIONS, type Account } from './account.ts';
import { textField, type Call } from './call.ts';
import type { Issued } from './token-issuer.ts';
import { ok, refuse, type Refusal, type Verdict } from './verdict.ts';
import type { World } from './world.ts';

interface Credentials {
  readonly grantType: string | null | undefined;
  readonly appId: string | null | undefined;
  readonly secret: string | null | undefined;
}

/** `GET /cgi-bin/token`: every call makes a new token. */
export function classicToken(world: World, call: Call): Verdict {
  const account = identify(world, call, {
    grantType: call.query.get('grant_type'),
    appId: call.query.get('appid'),
    secret: call.query.get('secret'),
  });
  return 'kind' in account ? account : granted(account.tokens.fetchClassic());
}

/** `POST /cgi-bin/stable_token`: the same token until the last minutes of its life. */
export function stableToken(world: World, call: Call): Verdict {
  if (call.method !== 'POST') return refuse(43002);
  if (call.body === '') return refuse(44002);
  if (call.json === undefined) return refuse(47001);
  const account = identify(world, call, {
    grantType: textField(call, 'grant_type'),
    appId: textField(call, 'appid'),
    secret: textField(call, 'secret'),
  });
  if ('kind' in account) return account;
  if (call.json['force_refresh'] !== true) return granted(account.tokens.fetchStable());
  const forced = account.tokens.forceStable();
  return forced === undefined ? refuse(45009) : granted(forced);
}

/** Whose token is wanted, and whether it may be had. */
function identify(world: World, call: Call, given: Credentials): Account | Refusal {
  if (!given.appId) return refuse(41002);
  if (!given.secret) return refuse(41004);
  if (given.grantType !== 'client_credential') return refuse(40002);
  const account = world.accounts.getOrAdmit(given.appId);
  if (account === undefined) return refuse(40013);
  const wrong = wrongSecret(account, given.secret);
  if (wrong !== undefined) return wrong;
  const { tokens } = CONDITIONS[account.condition];
  if (tokens === 40164) return notListed(account.callIp ?? call.ip);
  if (tokens !== undefined) return refuse(tokens);
  const limited = account.quotas.take(call.path);
  return limited === 0 ? account : refuse(limited);
}

/** One that cannot be a secret at all is 40125, one that just is not ours 40001. */
function wrongSecret(account: Account, secret: string): Refusal | undefined {
  if (account.secret === undefined || account.secret === secret) return undefined;
  return refuse(secret.length === account.secret.length ? 40001 : 40125);
}

/** The text names the address twice; an alert should show it to whoever edits the list. */
function notListed(ip: string): Refusal {
  return refuse(40164, `invalid ip ${ip} ipv6 ::ffff:${ip}, not in whitelist`);
}

function granted(issued: Issued): Verdict {
  return ok(JSON.stringify({ access_token: issued.token.value, expires_in: issued.expiresIn }));
}
