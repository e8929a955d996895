import type { Fleet } from '../chaos/fleet.ts';
import { waitFor } from '../helpers/wait-for.ts';
import { armFault, metBy } from './books.ts';
import { type Order, ordersOf } from './messages.ts';
import { untilIdle } from './reckoning.ts';
import { lanesOf, openScene, type Scene, SEND_PATHS } from './scene.ts';

/** So many messages in flight at once that all come back with 40001. */
export interface RejectedFlight {
  readonly scene: Scene;
  readonly fleet: Fleet;
  readonly orders: readonly Order[];
  /** When each of them meets its refusal, epoch ms by recipient. */
  refusals(): Promise<ReadonlyMap<string, number>>;
}

export const PROCESSES = 8;
export const IN_FLIGHT = 1000;
/** How long WeChat holds each of them before it looks at the token; below the client's 5 s. */
const HELD_MS = 4000;

/**
 * Takes off: all processes have the token in memory, all messages are at WeChat, and WeChat
 * replaces the token before it looks at any of them. `beforeRevoke` is for further faults.
 */
export async function takeOff(
  beforeRevoke?: (scene: Scene) => Promise<void>,
): Promise<RejectedFlight> {
  const scene = await openScene({ perSecond: 5000 });
  try {
    const env = { COURIER_CONCURRENCY: String(IN_FLIGHT / PROCESSES) };
    const fleet = await scene.fleet({ size: PROCESSES, env });
    const [appId = ''] = scene.appIds;
    await enqueueAll(scene, ordersOf(appId, 0, IN_FLIGHT));
    await untilIdle(lanesOf(scene), 30_000);
    await scene.wechat.control('DELETE', 'record');
    await beforeRevoke?.(scene);
    const fault = await armFault(scene.wechat, {
      path: SEND_PATHS.template,
      accept: true,
      reply: { kind: 'normal' },
      delayMs: HELD_MS,
      count: IN_FLIGHT,
    });
    const orders = ordersOf(appId, IN_FLIGHT, IN_FLIGHT);
    await enqueueAll(scene, orders);
    await waitFor(async () => (await metBy(scene.wechat, fault)) === IN_FLIGHT, {
      timeoutMs: HELD_MS,
      intervalMs: 50,
      what: `${IN_FLIGHT} messages to be at WeChat before the first is looked at`,
    });
    await scene.wechat.control('POST', 'tokens', { appId, action: 'revoke', mode: 'replaced' });
    return {
      scene,
      fleet,
      orders,
      async refusals() {
        const met = await scene.wechat.encounters();
        const sends = met.filter(({ path }) => path === SEND_PATHS.template);
        return new Map(sends.map(({ openid = '', at }) => [openid, at + HELD_MS]));
      },
    };
  } catch (error) {
    await scene.close();
    throw error;
  }
}

/** @throws Error unless all were accepted */
export async function enqueueAll(scene: Scene, orders: readonly Order[]): Promise<string[]> {
  const results = await scene.producer.enqueueMany(orders.map(({ envelope }) => envelope));
  return results.map((result) => {
    if (result.status !== 'rejected') return result.messageId;
    throw new Error(`Expected every message to be accepted, got ${result.code}`);
  });
}
