import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { openRedis, waitUntilReady } from '../../src/shared/redis.ts';

/* How soon a connection is there again. */

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Answers as a Redis that has just been started and believes to need a minute for its file. */
async function loadingRedis(loadsMs: number): Promise<string> {
  const readyAt = performance.now() + loadsMs;
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      for (const command of String(data)
        .split(/^\*\d+\r\n/m)
        .slice(1)) {
        if (!/^\$4\r\ninfo\r\n/i.test(command)) socket.write('+OK\r\n');
        else {
          const loading = performance.now() < readyAt ? 1 : 0;
          const info = `loading:${loading}\r\nloading_eta_seconds:60\r\n`;
          socket.write(`$${info.length}\r\n${info}\r\n`);
        }
      }
    });
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `redis://127.0.0.1:${(server.address() as AddressInfo).port}/0`;
}

test.each(['producer', 'worker'] as const)(
  'a %s notices soon that Redis has loaded its file, however long that was said to take',
  async (role) => {
    const redis = openRedis(await loadingRedis(1000), role, () => undefined);
    try {
      const began = performance.now();
      await waitUntilReady(redis, 9000);
      expect(performance.now() - began).toBeLessThan(3000);
    } finally {
      redis.disconnect();
    }
  },
);
