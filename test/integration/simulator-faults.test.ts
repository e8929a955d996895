import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { APP, startWechat, TEMPLATE_SEND, type Wechat } from './simulator-harness.ts';

type Reply = Record<string, unknown>;

async function withFault(fault: Reply): Promise<{ wechat: Wechat; token: string }> {
  const wechat = await startWechat();
  const token = await wechat.token();
  wechat.control('POST', 'faults', { path: TEMPLATE_SEND, ...fault });
  return { wechat, token };
}

function accepted(wechat: Wechat): number {
  return wechat.simulator.judge().template.accepted;
}

/** Everything one raw connection gets after sending one request, until `enough` or its end. */
function raw(wechat: Wechat, token: string, enough: (text: string) => boolean): Promise<string> {
  const body = '{"touser":"o","template_id":"t","data":{}}';
  const { port, hostname } = new URL(wechat.url);
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(Number(port), hostname);
    socket.on('data', (chunk) => {
      text += chunk.toString();
      if (enough(text)) socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
    socket.write(
      `POST ${TEMPLATE_SEND}?access_token=${token} HTTP/1.1\r\nhost: x\r\n` +
        `content-length: ${body.length}\r\n\r\n${body}`,
    );
  });
}

test.each([
  ['before processing', false, 0],
  ['after processing', true, 1],
])('a connection reset %s', async (_when, accept, count) => {
  const { wechat, token } = await withFault({ accept, reply: { kind: 'reset' }, count: 1 });
  await expect(wechat.template(token)).rejects.toThrow(/fetch failed|terminated/);
  expect(accepted(wechat)).toBe(count);
  expect((await wechat.template(token)).errcode).toBe(0);
});

test('a hanging request was processed, and stopping ends it', async () => {
  const { wechat, token } = await withFault({ accept: true, reply: { kind: 'hang' } });
  const hanging = wechat.template(token);
  await expect.poll(() => accepted(wechat)).toBe(1);
  await wechat.simulator.stop();
  await expect(hanging).rejects.toThrow(/fetch failed|terminated/);
});

test.each([
  ['truncated', 200, /^\{"errcode":0[^}]*$/],
  ['bad-gateway', 502, /<html>/],
  ['empty', 200, /^$/],
])('a reply that is %s', async (kind, status, shape) => {
  const { wechat, token } = await withFault({ accept: true, reply: { kind } });
  const seen = await wechat.template(token);
  expect(seen.status).toBe(status);
  expect(seen.text).toMatch(shape);
  expect(accepted(wechat)).toBe(1);
});

test('a bad gateway without processing took nothing', async () => {
  const { wechat, token } = await withFault({ accept: false, reply: { kind: 'bad-gateway' } });
  expect((await wechat.template(token)).status).toBe(502);
  expect(accepted(wechat)).toBe(0);
});

test('a reply that is cut in the middle ends before its announced length', async () => {
  const { wechat, token } = await withFault({ accept: true, reply: { kind: 'cut' } });
  await expect(wechat.template(token)).rejects.toThrow(/fetch failed|terminated/);
  expect(accepted(wechat)).toBe(1);
});

test('a huge reply has the size it was given', async () => {
  const { wechat, token } = await withFault({
    accept: true,
    reply: { kind: 'huge', bytes: 3_000_000 },
  });
  const { text } = await wechat.template(token);
  expect(text.length).toBeGreaterThan(3_000_000);
});

test('a client may leave a huge reply in the middle', async () => {
  const { wechat, token } = await withFault({ accept: true, reply: { kind: 'huge' } });
  await raw(wechat, token, (text) => text.length > 1_000_000);
  wechat.control('DELETE', 'faults');
  expect((await wechat.template(token)).errcode).toBe(0);
});

test('a dripping reply arrives whole', async () => {
  const { wechat, token } = await withFault({
    accept: true,
    reply: { kind: 'drip', everyMs: 1 },
  });
  expect((await wechat.template(token)).text).toMatch(/"msgid":\d{19}\}$/);
});

test('a second reply comes unasked on the same connection', async () => {
  const { wechat, token } = await withFault({ accept: true, reply: { kind: 'two-replies' } });
  const text = await raw(
    wechat,
    token,
    (all) => all.split('HTTP/1.1 200').length === 3 && all.endsWith('}'),
  );
  expect(text).toMatch(/"msgid":\d+\}HTTP\/1\.1 200 OK[^]*\{"errcode":0,"errmsg":"ok"\}$/);
  expect(accepted(wechat)).toBe(1);
});

test('a redirect leads elsewhere', async () => {
  const { wechat, token } = await withFault({ accept: false, reply: { kind: 'redirect' } });
  expect((await wechat.template(token)).status).toBe(302);
});

test.each([
  ['before', false, 0],
  ['after', true, 1],
])('a busy system %s the message was taken', async (_when, accept, count) => {
  const { wechat, token } = await withFault({ accept, reply: { kind: 'errcode', errcode: -1 } });
  const seen = await wechat.template(token);
  expect(seen.errcode).toBe(-1);
  expect(seen.errmsg).toMatch(/^system error,? rid: /);
  expect(accepted(wechat)).toBe(count);
});

test('a fault can spare the first requests and end after some', async () => {
  const { wechat, token } = await withFault({
    accept: false,
    reply: { kind: 'errcode', errcode: 40001 },
    skip: 1,
    count: 2,
  });
  const codes: (number | undefined)[] = [];
  for (let sent = 0; sent < 4; sent += 1) codes.push((await wechat.template(token)).errcode);
  expect(codes).toEqual([0, 40001, 40001, 0]);
  expect(wechat.control('GET', 'faults')).toMatchObject({ faults: [{ id: 1, met: 2 }] });
});

test('a fault can be for one openid, one account, or one text only', async () => {
  const wechat = await startWechat();
  const token = await wechat.token();
  const errcode = (code: number) => ({ accept: false, reply: { kind: 'errcode', errcode: code } });
  wechat.control('POST', 'faults', {
    faults: [
      { openid: 'o-bob', ...errcode(43117) },
      { appId: 'wx-other', ...errcode(50002) },
      { bodyContains: 'order-7', ...errcode(-1) },
    ],
  });
  expect((await wechat.template(token)).errcode).toBe(0);
  expect((await wechat.template(token, { touser: 'o-bob' })).errcode).toBe(43117);
  expect((await wechat.template(token, { client_msg_id: 'order-7' })).errcode).toBe(-1);
});

test('a probability comes out the same for the same seed', async () => {
  const outcomes = async (): Promise<(number | undefined)[]> => {
    const { wechat, token } = await withFault({
      accept: false,
      reply: { kind: 'errcode', errcode: -1 },
      probability: 0.5,
    });
    const codes: (number | undefined)[] = [];
    for (let sent = 0; sent < 20; sent += 1) codes.push((await wechat.template(token)).errcode);
    return codes;
  };
  const first = await outcomes();
  expect(new Set(first)).toEqual(new Set([0, -1]));
  expect(await outcomes()).toEqual(first);
});

test('the token endpoints can fail too', async () => {
  const wechat = await startWechat();
  wechat.control('POST', 'faults', {
    path: '/cgi-bin/stable_token',
    appId: APP,
    accept: false,
    reply: { kind: 'errcode', errcode: -1 },
    count: 1,
  });
  expect(await wechat.token()).toBe('undefined');
  expect(await wechat.token()).toMatch(/^92_/);
});

test('the requests that met a fault are listed, those that did not are not', async () => {
  const reply = { kind: 'reset' };
  const { wechat, token } = await withFault({ openid: 'o-bob', accept: true, reply, count: 1 });
  await wechat.template(token, { touser: 'o-ann' });
  await wechat.template(token, { touser: 'o-bob' }).catch(() => undefined);
  await wechat.template(token, { touser: 'o-bob' });
  const met = { openid: 'o-bob', appId: APP, accept: true, kind: 'reset', id: 1, seq: 1 };
  const at: unknown = expect.any(Number);
  const path: unknown = expect.stringContaining('template/send');
  expect(wechat.control('GET', 'faults/met')).toEqual({
    encounters: [{ ...met, at, path }],
    next: 1,
  });
  expect(wechat.control('GET', 'faults/met?since=1')).toEqual({ encounters: [], next: 1 });
});

test('removed faults do no more harm', async () => {
  const { wechat, token } = await withFault({ accept: false, reply: { kind: 'reset' } });
  expect(wechat.control('DELETE', 'faults/1')).toEqual({ removed: true });
  expect((await wechat.template(token)).errcode).toBe(0);
  expect(wechat.control('DELETE', 'faults')).toEqual({ removed: false });
});

test('a fault that makes no sense is refused with the reason', async () => {
  const wechat = await startWechat();
  const { status, json } = wechat.simulator.control('POST', '/_control/faults', {
    accept: false,
    reply: { kind: 'normal' },
  });
  expect(status).toBe(400);
  expect(JSON.stringify(json)).toContain('cannot get its normal reply');
});
