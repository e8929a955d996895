import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { waitFor } from '../helpers/wait-for.ts';
import { openPump, type Pump } from './pump.ts';
import { openTrap } from './trap.ts';

/** A TCP proxy between two of our processes, and what can go wrong on the way. */
export interface Link {
  readonly port: number;
  /** Breaks every connection; new ones are taken. Returns how many there were. */
  cut(): number;
  /** While on, nothing moves and nothing breaks; what was written meanwhile arrives afterwards. */
  blackHole(on: boolean): void;
  /** Everything takes so much longer, both ways; 0 ends it. */
  delay(ms: number): void;
  /**
   * The next reply that contains this is swallowed and its connection cut. Resolves to whether
   * one came in time.
   */
  dropReply(containing: string): Promise<boolean>;
  /** The next request is not passed on: its connection gets a FIN. Resolves as the other. */
  finOnRequest(): Promise<boolean>;
  /**
   * Requests whose connection broke before their answer, by what `nameOf` called them; also those
   * whose answer came so late that whoever asked may have given up just then.
   */
  readonly broken: readonly Broken[];
  /** A black hole is on, so that what was written before may arrive much later. */
  readonly held: boolean;
  /** Resolves once the connections of now are gone: what a dead process wrote has arrived. */
  drained(): Promise<void>;
  close(): Promise<void>;
}

/** From when it was passed on until its connection was gone, epoch milliseconds. */
export interface Broken {
  readonly name: string;
  readonly from: number;
  readonly to: number;
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
  /** The last request, and when its answer came. */
  asked: { readonly name: string; readonly from: number; answeredAt?: number } | undefined;
}

/** Who closes a connection so soon after an answer may have given it up. An idle one lives 4 s. */
const LATE_MS = 1000;

/** Opens a link to a port of this machine. */
export async function openLink(options: LinkOptions): Promise<Link> {
  const connections = new Set<Connection>();
  const broken: Broken[] = [];
  let delayMs = 0;
  let hole = false;
  const reply = openTrap<Buffer>();
  const request = openTrap<Buffer>();

  function open(client: Socket): void {
    const server = connect(options.port, options.host ?? '127.0.0.1');
    const connection: Connection = {
      client,
      server,
      up: openPump(client, server, { delayMs: () => delayMs, onChunk: onRequest }),
      down: openPump(server, client, { delayMs: () => delayMs, onChunk: onReply }),
      asked: undefined,
    };
    connections.add(connection);
    if (hole) setHole(connection, true);
    client.on('error', () => undefined);
    server.on('error', () => undefined);
    // The client learns that it is over, and may still say something into the void meanwhile.
    server.once('close', () => void connection.down.finish().then(() => client.end()));
    client.once('close', () => void connection.up.finish().then(() => end(connection)));

    function onRequest(chunk: Buffer): boolean {
      const name = options.nameOf?.(chunk);
      if (name !== undefined) connection.asked = { name, from: Date.now() };
      if (!request.meets(chunk)) return true;
      client.end();
      server.destroy();
      return false;
    }
    function onReply(chunk: Buffer): boolean {
      if (!reply.meets(chunk)) {
        if (connection.asked) connection.asked.answeredAt = Date.now();
        return true;
      }
      client.destroy();
      return false;
    }
  }

  function end(connection: Connection): void {
    if (!connections.delete(connection)) return;
    connection.server.destroySoon();
    if (!connection.asked) return;
    const { name, from, answeredAt = Infinity } = connection.asked;
    const to = Date.now();
    if (to < answeredAt + LATE_MS) broken.push({ name, from, to });
  }

  const listener = createServer(open);
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    port: (listener.address() as AddressInfo).port,
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
    dropReply: (containing) => reply.set((chunk) => chunk.includes(containing)),
    finOnRequest: () => request.set(() => true),
    get held() {
      return hole;
    },
    async drained() {
      const old = [...connections];
      const gone = () => old.every((connection) => !connections.has(connection));
      await waitFor(gone, { what: 'the connections of a dead process to end' });
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
