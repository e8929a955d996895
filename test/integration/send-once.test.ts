import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Interruption } from '../../src/worker/interruption.ts';
import { sendOnce } from '../../src/worker/send/send-once.ts';

/** A WeChat that takes every request and never answers. */
const silent = createServer((request) => request.resume());
let pool: Pool;

beforeAll(async () => {
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  pool = new Pool(`http://127.0.0.1:${(silent.address() as AddressInfo).port}`);
});

afterAll(async () => {
  await pool.destroy();
  silent.closeAllConnections();
  silent.close();
});

function send(interruption: Interruption) {
  return sendOnce(pool, {
    path: '/cgi-bin/message/custom/send?access_token=t',
    body: '{}',
    secrets: ['a-token'],
    interruption,
    deadlineMs: 8000,
  });
}

test('a request in flight that is interrupted is broken off, and its outcome is uncertain', async () => {
  const interruption = new Interruption();
  const arrived = once(silent, 'request');
  const result = send(interruption);
  const [request] = (await arrived) as [NodeJS.EventEmitter];
  const cut = once(request, 'close');
  interruption.raise();
  expect(await result).toEqual({ kind: 'uncertain', detail: 'aborted' });
  await cut;
});

test('a request whose run was interrupted before is not sent', async () => {
  let requests = 0;
  const count = () => (requests += 1);
  silent.on('request', count);
  const interruption = new Interruption();
  interruption.raise();
  const result = await send(interruption);
  // What the first one left in the pool would arrive before this one.
  const probe = new Interruption();
  const arrived = once(silent, 'request');
  const probed = send(probe);
  await arrived;
  probe.raise();
  await probed;
  silent.off('request', count);
  expect({ result, requests }).toEqual({
    result: { kind: 'not-sent', detail: 'aborted' },
    requests: 1,
  });
});
