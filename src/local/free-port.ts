import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below the ports that systems hand out to outgoing connections (32768 and up on Linux, 49152 elsewhere): a port of
 * those may be another connection's end by the time a server wants it.
 */
const LOWEST = 15_000;
const ABOVE = 32_768;
const TRIES = 100;

/**
 * A TCP port of loopback that nobody listens on, as of now.
 *
 * @throws Error after 100 ports that are all taken
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const port = randomInt(LOWEST, ABOVE);
    if (await isFree(port)) return port;
  }
  throw new Error(`Expected a free port between ${LOWEST} and ${ABOVE - 1}; ${TRIES} were taken.`);
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer().listen(port, '127.0.0.1');
  try {
    await once(probe, 'listening');
  } catch {
    return false;
  }
  probe.close();
  await once(probe, 'close');
  return true;
}
