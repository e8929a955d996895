import type { Action } from './action.ts';
import { blackHole, cut, dropReply, fin, slowDown } from './faults/line.ts';
import {
  dropClients,
  fillRedis,
  forgetScripts,
  freezeRedis,
  killRedis,
  makeReadonly,
  pauseRedis,
} from './faults/redis.ts';
import { badGateway, hang, token } from './faults/wechat.ts';
import { freeze, kill, reload, skewedClock, terminate } from './faults/worker.ts';
import type { Performed, Scene } from './scene.ts';

/** Carries out one action, from its beginning to its end. */
export async function perform(scene: Scene, action: Action): Promise<Performed> {
  switch (action.kind) {
    case 'kill':
      return await kill(scene, action);
    case 'freeze':
      return await freeze(scene, action);
    case 'terminate':
      return await terminate(scene, action);
    case 'reload':
      return await reload(scene, action);
    case 'skewed-clock':
      return await skewedClock(scene, action);
    case 'cut':
      return await cut(scene, action);
    case 'black-hole':
      return await blackHole(scene, action);
    case 'delay':
      return await slowDown(scene, action);
    case 'drop-reply':
      return await dropReply(scene, action);
    case 'fin':
      return await fin(scene, action);
    case 'redis-kill':
      return await killRedis(scene, action);
    case 'redis-freeze':
      return await freezeRedis(scene, action);
    case 'redis-pause':
      return await pauseRedis(scene, action);
    case 'redis-readonly':
      return await makeReadonly(scene, action);
    case 'redis-full':
      return await fillRedis(scene, action);
    case 'redis-forget-scripts':
      return await forgetScripts(scene);
    case 'redis-drop-clients':
      return await dropClients(scene);
    case 'wechat-hang':
      return await hang(scene, action);
    case 'wechat-502':
      return await badGateway(scene, action);
    case 'wechat-token':
      return await token(scene, action);
  }
}
