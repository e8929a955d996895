import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** Stands between a client and its Redis, and can lose one reply together with its connection. */
export interface LossyProxy {
  readonly url: string;
  /** The next reply that contains this text is swallowed, and its connection cut. */
  loseReply(containing: string): void;
  /** How many replies were lost so far. */
  readonly lost: number;
  close(): Promise<void>;
}

export async function startLossyProxy(target: string): Promise<LossyProxy> {
  const { hostname, port, password } = new URL(target);
  const sockets = new Set<Socket>();
  let pattern: string | undefined;
  let lost = 0;
  const server = createServer((client) => {
    const redis = connect(Number(port), hostname);
    for (const socket of [client, redis]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        sockets.delete(socket);
        client.destroy();
        redis.destroy();
      });
    }
    client.pipe(redis);
    redis.on('data', (chunk) => {
      if (pattern === undefined || !chunk.includes(pattern)) return void client.write(chunk);
      pattern = undefined;
      lost += 1;
      client.destroy();
      return undefined;
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: own } = server.address() as AddressInfo;
  return {
    url: `redis://:${password}@127.0.0.1:${own}/0`,
    loseReply(containing) {
      pattern = containing;
    },
    get lost() {
      return lost;
    },
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}
