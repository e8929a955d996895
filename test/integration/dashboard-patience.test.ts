import { once } from 'node:events';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { useCourier } from '../helpers/courier.ts';
import { OPERATOR, startDashboard, type TestDashboard, VIEWER } from '../helpers/dashboard.ts';

const courier = useCourier({ closeAfter: 'file' });
const [name = '', password = ''] = OPERATOR.split(':');
let dashboard: TestDashboard;

beforeAll(async () => {
  dashboard = await startDashboard(await courier.open({ workers: 0 }));
});
afterAll(() => dashboard.stop());

async function begin(head: string): Promise<Socket> {
  const { hostname, port } = new URL(dashboard.url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.write(head);
  return socket;
}

describe.concurrent('a client that takes its time', () => {
  test.each([
    ['with its headers', 'GET /login HTTP/1.1\r\nHost: a\r\nX-Slow: '],
    [
      'with its form',
      'POST /login HTTP/1.1\r\nHost: a\r\nSec-Fetch-Site: same-origin\r\n' +
        'Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nname=',
    ],
  ])('%s loses its connection, although it sends a little now and then', async (_, head) => {
    const socket = await begin(head);
    const drip = setInterval(() => socket.write('x'), 500);
    try {
      expect(await textOf(socket)).toMatch(/^HTTP\/1\.1 408 |^$/);
    } finally {
      clearInterval(drip);
      socket.destroy();
    }
  });
});

/** Of a program that was given the credentials in its address. */
async function statusWith(given: string): Promise<number | undefined> {
  const address = new URL(dashboard.url);
  [address.username = '', address.password = ''] = given.split(':');
  const asked = httpRequest(address);
  asked.end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  answer.resume();
  return answer.statusCode;
}

test('wrong passwords in an address, as HTTP Basic and in the form count together', async () => {
  expect(await statusWith(OPERATOR)).toBe(200);
  const basic = { as: `${name}:wrong-password-1` };
  const form = { as: null, form: { name, password: 'wrong-password-2' } };
  expect(await statusWith(`${name}:wrong-password-3`)).toBe(401);
  expect(await statusWith(`${name}:wrong-password-4`)).toBe(401);
  expect((await dashboard.open('GET', '/board/api/queues', basic)).status).toBe(401);
  expect((await dashboard.open('GET', '/nowhere', basic)).status).toBe(401);
  expect((await dashboard.open('POST', '/login', form)).status).toBe(401);
  expect(await statusWith(`${name}:${password}`)).toBe(429);
  const right = { as: null, form: { name, password } };
  expect((await dashboard.open('POST', '/login', right)).status).toBe(429);
});

describe('an idle session', () => {
  const MINUTES = 60_000;
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
  afterEach(() => void vi.useRealTimers());

  async function logIn(): Promise<string> {
    const form = { name: VIEWER.split(':')[0] ?? '', password: VIEWER.split(':')[1] ?? '' };
    const { headers } = await dashboard.open('POST', '/login', { as: null, form });
    return `cookie ${(headers.get('set-cookie') ?? '').split(';')[0]}`;
  }

  test.each([
    ['ends although Bull Board asks again and again', '/board/api/queues', 401],
    ['goes on while somebody opens pages', '/unknown', 200],
    ['goes on while somebody opens Bull Board', '/board/queue/dead-letter', 200],
  ])('%s', async (_, path, status) => {
    const as = await logIn();
    for (let asked = 1; asked <= 3; asked += 1) {
      vi.setSystemTime(Date.now() + 20 * MINUTES);
      expect((await dashboard.open('GET', path, { as })).status).toBe(200);
    }
    vi.setSystemTime(Date.now() + MINUTES);
    expect((await dashboard.open('GET', path, { as })).status).toBe(status);
  });
});
