import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createCall } from './call.ts';
import { exchange } from './exchange.ts';
import { CONTROL_PREFIX, type Control } from './control.ts';
import type { World } from './world.ts';

const MAX_BODY = 1_048_576;
/** Recipients are set by the hundred thousand. */
const MAX_CONTROL_BODY = 67_108_864;
/** Longer than clients keep idle connections, so that it is not us who closes under them. */
const KEEP_ALIVE_MS = 75_000;

/** The HTTP server around a world: plain node:http, because benchmarks run against it. */
export function createHttpServer(world: World, control: Control): Server {
  const server = createServer((request, response) => {
    // Clients that reset their connection are part of the game.
    response.on('error', () => undefined);
    const isControl = request.url?.startsWith(CONTROL_PREFIX) === true;
    readBody(request, isControl ? MAX_CONTROL_BODY : MAX_BODY, (body) => {
      const handled = isControl
        ? controlled(control, request, body, response)
        : called(world, request, body, response);
      handled.catch((error: unknown) => {
        process.stderr.write(`simulator: ${error instanceof Error ? error.stack : 'error'}\n`);
        response.destroy();
      });
    });
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  return server;
}

/** Starts listening; the port that was taken. */
export function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** Stops listening and ends every connection, hanging ones too. */
export function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function readBody(request: IncomingMessage, limit: number, done: (body: string) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  request.on('error', () => undefined);
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > limit) request.destroy();
    else chunks.push(chunk);
  });
  request.on('end', () => done(Buffer.concat(chunks).toString('utf8')));
}

function called(
  world: World,
  request: IncomingMessage,
  body: string,
  response: ServerResponse,
): Promise<void> {
  const { method = 'GET', url = '/' } = request;
  const ip = request.socket.remoteAddress ?? '127.0.0.1';
  return exchange(world, createCall({ method, url, body, ip }), response);
}

async function controlled(
  control: Control,
  request: IncomingMessage,
  body: string,
  response: ServerResponse,
): Promise<void> {
  const { status, json } = control.handle(request.method ?? 'GET', request.url ?? '/', body);
  const text = JSON.stringify(json);
  response.writeHead(status, { 'content-type': 'application/json' }).end(text);
}
