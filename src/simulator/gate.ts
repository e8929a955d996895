import { CONDITIONS, type Account } from './account.ts';
import { bodyRefusal, type Call } from './call.ts';
import type { NewEntry } from './record.ts';
import { judgeToken, TOKEN_SHAPE, type Token } from './token.ts';
import { refuse, type Refusal, type Verdict } from './verdict.ts';
import type { World } from './world.ts';

/** A business call whose token was good. */
export interface Admitted {
  readonly account: Account;
  readonly token: Token;
}

/** What a send endpoint works with. */
export interface Send extends Admitted {
  readonly world: World;
  readonly call: Call;
  /** Writes a message into the record; from here on it is WeChat's. */
  accept(entry: Omit<NewEntry, 'appId' | 'token' | 'body'>): void;
  /** Runs a function once this call's answer is on its way. */
  whenAnswered(callback: () => void): void;
}

/**
 * The token of a business call. Missing is 41001, malformed 40014; a token that ran out is
 * 42001 while no newer one exists and 40001 once one does, as practitioners tell them apart.
 */
export function admit(world: World, call: Call): Admitted | Refusal {
  const value = call.query.get('access_token');
  if (value === null || value === '') return refuse(41001);
  const token = world.accounts.token(value);
  if (token === undefined) return refuse(TOKEN_SHAPE.test(value) ? 40001 : 40014);
  const errcode = judgeToken(token, world.clock.now());
  if (errcode !== 0) return refuse(errcode);
  const account = world.accounts.get(token.appId);
  return account === undefined ? refuse(40001) : { account, token };
}

/** Everything both send endpoints check, around what is special to each. */
export function passSend(
  world: World,
  call: Call,
  whenAnswered: (callback: () => void) => void,
  handler: (send: Send) => Verdict,
): Verdict {
  if (call.method !== 'POST') return refuse(43002);
  const admitted = admit(world, call);
  if ('kind' in admitted) return admitted;
  const { account, token } = admitted;

  const { sends } = CONDITIONS[account.condition];
  if (sends !== undefined) return refuse(sends);
  const limited = account.quotas.take(call.path);
  if (limited !== 0) return refuse(limited);
  const broken = bodyRefusal(call, world.settings.refuseUnicodeEscapes);
  if (broken !== undefined) return broken;

  return handler({
    account,
    token,
    world,
    call,
    whenAnswered,
    accept(entry) {
      world.counters.taken(account.appId, call.path);
      world.record.add({
        kind: entry.kind,
        appId: account.appId,
        openid: entry.openid,
        clientMsgId: entry.clientMsgId,
        msgid: entry.msgid,
        contentHash: entry.contentHash,
        token: `${token.family.name}#${token.generation}`,
        fate: entry.fate,
        shown: entry.shown,
        body: world.settings.recordBodies ? call.body : undefined,
      });
    },
  });
}
