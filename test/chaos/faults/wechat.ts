import type { Action } from '../action.ts';
import { type Performed, performed, type Scene } from '../scene.ts';
import { APP_ID } from '../stage.ts';

type On<Kind extends Action['kind']> = Extract<Action, { kind: Kind }>;

/** The share of answers that are lost after WeChat took the message, all through a run. */
const LOST_SHARE = 0.03;

/** Resets connections after the work was done, at random, until it is switched off. */
export async function loseReplies({ stage }: Pick<Scene, 'stage'>): Promise<void> {
  await stage.wechat.control('POST', 'faults', {
    appId: APP_ID,
    accept: true,
    reply: { kind: 'reset' },
    probability: LOST_SHARE,
  });
}

/** No answer to the next sends; whom it met is in the simulator's own books. */
export async function hang({ stage }: Scene, { count, accept }: On<'wechat-hang'>) {
  const fault = { appId: APP_ID, accept, reply: { kind: 'hang' }, count };
  await stage.wechat.control('POST', 'faults', fault);
  return performed(`${count} requests ${accept ? 'taken and ' : ''}not answered`);
}

export async function badGateway({ stage }: Scene, { count, accept }: On<'wechat-502'>) {
  const fault = { appId: APP_ID, accept, reply: { kind: 'bad-gateway' }, count };
  await stage.wechat.control('POST', 'faults', fault);
  return performed(`${count} requests ${accept ? 'taken and ' : ''}answered with 502`);
}

export async function token({ stage }: Scene, { how }: On<'wechat-token'>): Promise<Performed> {
  await stage.wechat.control('POST', 'tokens', { appId: APP_ID, action: how });
  return performed(how === 'expire' ? 'the token ran out' : 'the token was replaced');
}
