import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Damage } from './fault.ts';

/** A reply as WeChat would send it, before anything happens to it. */
export interface Reply {
  readonly text: string;
  readonly contentType: string;
}

const HTML = '<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>\r\n';
const CHUNK = 'x'.repeat(65_536);
const SECOND_REPLY = '{"errcode":0,"errmsg":"ok"}';

/** Puts a reply on the wire the way a fault wants it. Never throws when the client is gone. */
export async function deliver(response: ServerResponse, reply: Reply, how: Damage): Promise<void> {
  switch (how.kind) {
    case 'normal':
    case 'errcode':
      return plain(response, reply);
    case 'reset':
      response.socket?.resetAndDestroy();
      return;
    case 'hang':
      return;
    case 'cut':
      return cut(response, reply);
    case 'truncated':
      return plain(response, { ...reply, text: firstHalf(reply.text) });
    case 'bad-gateway':
      response.writeHead(502, { 'content-type': 'text/html' }).end(HTML);
      return;
    case 'empty':
      return plain(response, { ...reply, text: '' });
    case 'huge':
      return huge(response, reply, how.bytes);
    case 'drip':
      return drip(response, reply, how.everyMs);
    case 'two-replies':
      return twoReplies(response, reply);
    case 'redirect':
      response.writeHead(302, { location: how.location, 'content-length': 0 }).end();
      return;
  }
}

/** As text, not bytes: node then puts head and body into one write, the dearest part of a reply. */
function plain(response: ServerResponse, { text, contentType }: Reply): void {
  const length = Buffer.byteLength(text);
  response.writeHead(200, { 'content-type': contentType, 'content-length': length });
  response.end(text);
}

function firstHalf(text: string): string {
  return text.slice(0, Math.ceil(text.length / 2));
}

function cut(response: ServerResponse, reply: Reply): void {
  const body = Buffer.from(reply.text);
  response.writeHead(200, { 'content-type': reply.contentType, 'content-length': body.length });
  response.write(body.subarray(0, Math.ceil(body.length / 2)), () => response.socket?.end());
}

async function huge(response: ServerResponse, reply: Reply, bytes: number): Promise<void> {
  response.writeHead(200, { 'content-type': reply.contentType });
  response.write('{"errcode":0,"errmsg":"');
  for (let sent = 0; sent < bytes && !response.destroyed; sent += CHUNK.length) {
    if (!response.write(CHUNK)) await drained(response);
  }
  response.end('"}');
}

/** Until the client has read, or has gone. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
    if (response.destroyed) done();
  });
}

async function drip(response: ServerResponse, reply: Reply, everyMs: number): Promise<void> {
  const body = Buffer.from(reply.text);
  response.writeHead(200, { 'content-type': reply.contentType, 'content-length': body.length });
  for (const byte of body) {
    if (response.destroyed) return;
    response.write(Buffer.of(byte));
    await sleep(everyMs, undefined, { ref: false });
  }
  response.end();
}

/** A client that keeps the connection may take the second one for its next request's reply. */
function twoReplies(response: ServerResponse, reply: Reply): void {
  const { socket } = response;
  plain(response, reply);
  socket?.write(
    'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n' +
      `content-length: ${SECOND_REPLY.length}\r\n\r\n${SECOND_REPLY}`,
  );
}
