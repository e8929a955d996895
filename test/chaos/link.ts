import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { waitFor } from '../helpers/wait-for.ts';
import { openPump, type Pump } from './pump.ts';

/** A TCP proxy between two of our processes, and what can go wrong on the way. */
export interface Link {
  readonly port: number;
  /** Breaks every connection; new ones are taken. Returns how many there were. */
  cut(): number;
  /** While on, nothing moves and nothing breaks; what was written meanwhile arrives afterwards. */
  blackHole(on: boolean): void;
  /** Everything takes so much longer, both ways; 0 ends it. */
  delay(ms: number): void;
  /** The next reply that contains one of these texts is swallowed and its connection cut. */
  dropReply(containing: readonly string[]): void;
  /** The next request meets a connection that is being closed: a FIN instead of being passed on. */
  finOnRequest(): void;
  /** What {@link dropReply} and {@link finOnRequest} have done so far. */
  readonly counts: { readonly replies: number; readonly fins: number };
  /** Requests whose connection broke before their answer, by what `nameOf` called them. */
  readonly broken: readonly Broken[];
  /** Resolves once no connection is left: what a dead process wrote has arrived. */
  drained(): Promise<void>;
  close(): Promise<void>;
}

export interface Broken {
  readonly at: number;
  readonly name: string;
}

export interface LinkOptions {
  readonly host?: string;
  readonly port: number;
  /** Names the request that begins in this chunk; default: requests have no names. */
  readonly nameOf?: (chunk: Buffer) => string | undefined;
}

interface Connection {
  readonly client: Socket;
  readonly server: Socket;
  readonly up: Pump;
  readonly down: Pump;
  /** The request that waits for its answer. */
  asking: string | undefined;
}

/** Opens a link to a port of this machine. */
export async function openLink(options: LinkOptions): Promise<Link> {
  const connections = new Set<Connection>();
  const broken: Broken[] = [];
  const counts = { replies: 0, fins: 0 };
  let delayMs = 0;
  let hole = false;
  let dropping: readonly string[] = [];
  let finArmed = false;

  function open(client: Socket): void {
    const server = connect(options.port, options.host ?? '127.0.0.1');
    const connection: Connection = {
      client,
      server,
      up: openPump(client, server, { delayMs: () => delayMs, onChunk: request }),
      down: openPump(server, client, { delayMs: () => delayMs, onChunk: reply }),
      asking: undefined,
    };
    connections.add(connection);
    if (hole) setHole(connection, true);
    for (const [socket, pump] of [
      [client, connection.up],
      [server, connection.down],
    ] as const) {
      socket.on('error', () => undefined);
      socket.once('close', () => void pump.finish().then(() => end(connection)));
    }

    function request(chunk: Buffer): boolean {
      connection.asking = options.nameOf?.(chunk) ?? connection.asking;
      if (!finArmed) return true;
      finArmed = false;
      counts.fins += 1;
      client.end();
      server.destroy();
      return false;
    }
    function reply(chunk: Buffer): boolean {
      if (dropping.some((text) => chunk.includes(text))) {
        dropping = [];
        counts.replies += 1;
        client.destroy();
        return false;
      }
      connection.asking = undefined;
      return true;
    }
  }

  function end(connection: Connection): void {
    if (!connections.delete(connection)) return;
    if (connection.asking !== undefined) broken.push({ at: Date.now(), name: connection.asking });
    connection.client.destroySoon();
    connection.server.destroySoon();
  }

  const listener = createServer(open);
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    port: (listener.address() as AddressInfo).port,
    counts,
    broken,
    cut() {
      const all = [...connections];
      for (const { client, server } of all) {
        client.destroy();
        server.destroy();
      }
      return all.length;
    },
    blackHole(on) {
      hole = on;
      for (const connection of connections) setHole(connection, on);
    },
    delay(ms) {
      delayMs = ms;
    },
    dropReply(containing) {
      dropping = containing;
    },
    finOnRequest() {
      finArmed = true;
    },
    async drained() {
      await waitFor(() => connections.size === 0, { what: 'the connections of a dead process' });
    },
    async close() {
      listener.close();
      for (const { client, server } of connections) {
        client.destroy();
        server.destroy();
      }
      await once(listener, 'close');
    },
  };
}

function setHole({ up, down }: Connection, on: boolean): void {
  up.hold(on);
  down.hold(on);
}
