import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Link, openLink } from '../chaos/link.ts';
import { eventually, waitFor } from '../helpers/wait-for.ts';

/* The link against a server that answers each chunk with the same in capitals. */

let server: Server;
let served: string[];
let accepted: Socket[];
let link: Link;

beforeEach(async () => {
  served = [];
  accepted = [];
  server = createServer((socket) => {
    accepted.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      served.push(chunk.toString());
      socket.write(chunk.toString().toUpperCase());
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  link = await openLink({ port, nameOf: (chunk) => /name=(\w+)/.exec(chunk.toString())?.[1] });
});

afterEach(async () => {
  await link.close();
  server.close();
});

interface Client {
  readonly socket: Socket;
  readonly heard: () => string;
  readonly closed: Promise<unknown>;
}

async function client(): Promise<Client> {
  const socket = connect(link.port, '127.0.0.1');
  socket.on('error', () => undefined);
  let heard = '';
  socket.on('data', (chunk) => (heard += chunk.toString()));
  await once(socket, 'connect');
  return { socket, heard: () => heard, closed: once(socket, 'close') };
}

async function says(one: Client, text: string, answer = text.toUpperCase()): Promise<void> {
  one.socket.write(text);
  await waitFor(() => one.heard().endsWith(answer), { what: `"${answer}"` });
}

test('what is said arrives, and a cut ends it', async () => {
  const one = await client();
  await says(one, 'hello');
  expect(link.cut()).toBe(1);
  await one.closed;
  await says(await client(), 'again');
});

test('a black hole keeps the connection, and gives up what it held in order', async () => {
  const one = await client();
  await says(one, 'a');
  link.blackHole(true);
  expect(link.held).toBe(true);
  one.socket.write('b');
  const late = await client();
  late.socket.write('c');
  // A second line to the same server shows that time has passed for bytes that may move.
  const other = await openLink({ port: (server.address() as AddressInfo).port });
  const witness = connect(other.port, '127.0.0.1');
  witness.write('witness');
  await waitFor(() => served.includes('witness'));
  expect(served).toEqual(['a', 'witness']);
  witness.destroy();
  await other.close();
  link.blackHole(false);
  await waitFor(() => one.heard() === 'AB' && late.heard() === 'C');
});

test('a delay takes its time both ways and keeps the order when it ends', async () => {
  const one = await client();
  link.delay(150);
  const asked = performance.now();
  one.socket.write('slow');
  await waitFor(() => served.length === 1);
  link.delay(0);
  await says(one, 'fast', 'SLOWFAST');
  expect(performance.now() - asked).toBeGreaterThanOrEqual(145);
});

test('a dropped reply was served, and takes its connection with it', async () => {
  const one = await client();
  const dropped = link.dropReply('PLEASE');
  await says(one, 'hello');
  one.socket.write('please');
  await one.closed;
  expect(await dropped).toBe(true);
  expect(served).toEqual(['hello', 'please']);
  expect(one.heard()).toBe('HELLO');
});

test('a request that meets a FIN is never served', async () => {
  const one = await client();
  await says(one, 'hello');
  const met = link.finOnRequest();
  one.socket.write('name=ann');
  await one.closed;
  expect(await met).toBe(true);
  expect(served).toEqual(['hello']);
  await waitFor(() => link.broken.length === 1);
});

test('requests that broke are in the books by name, those that were answered are not', async () => {
  const ann = await client();
  const bob = await client();
  await says(ann, 'name=ann');
  await says(ann, 'name=ann');
  void link.dropReply('BOB');
  bob.socket.write('name=bob');
  await bob.closed;
  await waitFor(() => link.broken.length === 1);
  expect(link.broken.map(({ name }) => name)).toEqual(['bob']);
});

test('a request whose client leaves just as the answer comes is in the books too', async () => {
  const one = await client();
  await says(one, 'name=ann');
  one.socket.destroy();
  await link.drained();
  expect(link.broken.map(({ name }) => name)).toEqual(['ann']);
});

test('a client hears that the server is gone, and what it still says is in the books', async () => {
  const one = await client();
  await says(one, 'hello');
  one.socket.allowHalfOpen = true;
  const ended = once(one.socket, 'end');
  for (const socket of accepted) socket.destroy();
  await ended;
  one.socket.end('name=late');
  await one.closed;
  await waitFor(() => link.broken.length === 1);
  expect(link.broken.map(({ name }) => name)).toEqual(['late']);
});

test('what a dead process wrote has arrived once its connections are drained', async () => {
  link.delay(100);
  const one = await client();
  one.socket.write('last words');
  one.socket.destroySoon();
  await link.drained();
  await eventually(() => expect(served).toContain('last words'));
});
