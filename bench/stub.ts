import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * WeChat reduced to what a benchmark needs: a process of its own that hands out a token, says
 * ok to every send after a fixed time, and counts. It never looks into a message, so that it
 * takes as little of the machine as it can.
 */
export interface Arm {
  /** Reports `done` when so many sends have arrived. */
  readonly sends: number;
  readonly latencyMs: number;
}

export type StubReport =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'armed' }
  /** From the arrival of the first send to the arrival of the last. */
  | { readonly kind: 'done'; readonly milliseconds: number };

const TOKEN = JSON.stringify({ access_token: 'bench-token', expires_in: 7200 });
const HEADERS = { 'content-type': 'application/json; encoding=utf-8' };

let arm: Arm = { sends: 0, latencyMs: 0 };
let arrived = 0;
let firstAt = 0;

const server = createServer((request, response) => {
  request.resume();
  if (!request.url?.startsWith('/cgi-bin/message/')) {
    response.writeHead(200, HEADERS).end(TOKEN);
    return;
  }
  arrived += 1;
  if (arrived === 1) firstAt = performance.now();
  if (arrived === arm.sends) report({ kind: 'done', milliseconds: performance.now() - firstAt });
  const reply = `{"errcode":0,"errmsg":"ok","msgid":${1_000_000_000_000 + arrived}}`;
  if (arm.latencyMs === 0) response.writeHead(200, HEADERS).end(reply);
  else setTimeout(() => response.writeHead(200, HEADERS).end(reply), arm.latencyMs);
});
server.keepAliveTimeout = 60_000;

server.listen(0, '127.0.0.1', () => {
  report({ kind: 'listening', port: (server.address() as AddressInfo).port });
});

process.on('message', (next: Arm) => {
  arm = next;
  arrived = 0;
  report({ kind: 'armed' });
});
process.once('disconnect', () => process.exit(0));

function report(what: StubReport): void {
  process.send?.(what);
}
