import type { Simulator } from '../../src/simulator/build.ts';
import { quietSimulator, type Shop } from './courier.ts';

/** A simulator on the port where another one was, knowing the same account. */
export async function startAgain(
  port: number,
  shop: Pick<Shop, 'appId' | 'secret'>,
): Promise<Simulator> {
  const { appId, secret } = shop;
  const simulator = quietSimulator({ port, accounts: [{ appId, secret }] });
  await simulator.start();
  return simulator;
}
