import type { Fleet } from '../chaos/fleet.ts';
import { waitFor } from '../helpers/wait-for.ts';
import { armFault, metBy } from './books.ts';
import type { MeasureOptions } from './measured.ts';
import { type Order, ordersOf } from './messages.ts';
import { untilIdle } from './reckoning.ts';
import { lanesOf, openScene, type Scene, SEND_PATHS } from './scene.ts';

/** So many messages in flight at once that all come back with 40001. */
export interface RejectedFlight {
  readonly size: FlightSize;
  readonly scene: Scene;
  readonly fleet: Fleet;
  readonly orders: readonly Order[];
  /** When each of them meets its refusal, epoch ms by recipient. */
  refusals(): Promise<ReadonlyMap<string, number>>;
}

interface FlightSize {
  readonly processes: number;
  readonly messages: number;
}

const FULL: FlightSize = { processes: 8, messages: 1000 };
const SHORT: FlightSize = { processes: 4, messages: 200 };
/**
 * How long WeChat holds each of them before it looks at the token: long enough for all to be
 * there, short enough that the lease still has room for a second request (12 s − 8 s).
 */
const HELD_MS = 3000;

/**
 * Takes off: all processes have the token in memory, all messages are at WeChat, and WeChat
 * replaces the token before it looks at any of them. `beforeRevoke` is for further faults.
 */
export async function takeOff(
  { short }: Pick<MeasureOptions, 'short'>,
  beforeRevoke?: (scene: Scene) => Promise<void>,
): Promise<RejectedFlight> {
  const size = short ? SHORT : FULL;
  const { processes, messages } = size;
  const scene = await openScene({ perSecond: 5000 });
  try {
    const env = { COURIER_CONCURRENCY: String(messages / processes) };
    const fleet = await scene.fleet({ size: processes, env });
    const [appId = ''] = scene.appIds;
    await enqueueAll(scene, ordersOf(appId, 0, messages));
    await untilIdle(lanesOf(scene), 30_000);
    await scene.wechat.control('DELETE', 'record');
    await beforeRevoke?.(scene);
    const fault = await armFault(scene.wechat, {
      path: SEND_PATHS.template,
      accept: true,
      reply: { kind: 'normal' },
      delayMs: HELD_MS,
      count: messages,
    });
    const orders = ordersOf(appId, messages, messages);
    await enqueueAll(scene, orders);
    await waitFor(async () => (await metBy(scene.wechat, fault)) === messages, {
      timeoutMs: HELD_MS,
      intervalMs: 50,
      what: `${messages} messages to be at WeChat before the first is looked at`,
    });
    await scene.wechat.control('POST', 'tokens', { appId, action: 'revoke', mode: 'replaced' });
    return {
      size,
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
