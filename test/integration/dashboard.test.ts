import { once } from 'node:events';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newUser } from '../../src/dashboard/users/user.ts';
import { addUser, removeUser } from '../../src/dashboard/users/users-file.ts';
import { type Shop, useCourier } from '../helpers/courier.ts';
import { OPERATOR, startDashboard, type TestDashboard, VIEWER } from '../helpers/dashboard.ts';
import { waitFor } from '../helpers/wait-for.ts';

const courier = useCourier({ closeAfter: 'file' });
const MARKUP = '<script>alert(1)</script>"\'<b>';
const OPENID = 'oPLANTED-OPENID-0123456789ab';
const VALUE = 'planted-value-0001';

let shop: Shop;
let dashboard: TestDashboard;
let dead = '';

beforeAll(async () => {
  shop = await courier.open({ env: {} });
  dashboard = await startDashboard(shop);
  shop.simulator.control('POST', '/_control/recipients', {
    appId: shop.appId,
    recipients: [{ openid: OPENID, answer: 40037 }],
  });
  const message = {
    touser: OPENID,
    template_id: 'T'.repeat(43),
    data: { thing1: { value: VALUE } },
  };
  const envelope = { appId: shop.appId, kind: 'template', id: `order-${MARKUP}`, message } as const;
  ({ messageId: dead } = await shop.producer.enqueue(envelope));
  await shop.reached(dead, 'dead');
  await waitFor(async () => (await shop.producer.deadLetters.show(dead)) !== null);
});
afterAll(() => dashboard.stop());

const PAGES = [
  '/',
  '/dead-letters',
  '/message?q=x',
  '/unknown',
  '/accounts/APP',
  '/repairs/any',
  '/language',
  '/board',
  '/board/api/queues',
  '/nowhere',
];
const CHANGES: readonly (readonly [string, string])[] = [
  ['POST', '/accounts/APP/pause'],
  ['POST', '/accounts/APP/resume'],
  ['POST', '/accounts/APP/rate'],
  ['POST', '/repairs/any/stop'],
  ['POST', '/unknown'],
  ['POST', '/dead-letters/redrive'],
  ['POST', '/dead-letters/purge'],
  ['PUT', '/board/api/queues/dead-letter/retry/failed'],
  ['PUT', '/board/api/queues/dead-letter/LETTER/retry'],
  ['PUT', '/board/api/queues/APP.template/pause'],
  ['PUT', '/board/api/queues/APP.template/obliterate'],
];
const real = (path: string) => path.replace('APP', shop.appId).replace('LETTER', dead);

/** Of an operator who sends this very target: `fetch` would leave out what is behind a `#`. */
async function statusOf(
  { url }: TestDashboard,
  method: string,
  target: string,
): Promise<number | undefined> {
  const authorization = `Basic ${Buffer.from(OPERATOR).toString('base64')}`;
  const asked = httpRequest(url, { method, path: target, headers: { authorization, origin: url } });
  asked.end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  answer.resume();
  return answer.statusCode;
}

describe('who may do what', () => {
  test.each(PAGES)('%s answers nobody without a login', async (path) => {
    expect((await dashboard.open('GET', path, { as: null })).status).toBe(401);
    expect(
      (await dashboard.open('GET', path, { as: `nobody-${PAGES.indexOf(path)}:wrong-password` }))
        .status,
    ).toBe(401);
  });

  test.each(['/%zz', '/board/%E0%A4', `/accounts/${'a'.repeat(101)}`])(
    'an address that nobody can read (%s) is answered with all headers, and not repeated',
    async (path) => {
      const { status, headers, text } = await dashboard.open('GET', path, { as: null });
      expect([status, text]).toEqual([400, '{"error":"Expected the address of a page."}']);
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(headers.get('cache-control')).toBe('no-store');
    },
  );

  test.each(CHANGES)(
    '%s %s: not without login, not for viewers, not from other sites',
    async (method, path) => {
      const there = real(path);
      expect((await dashboard.open(method, there, { as: null })).status).toBe(401);
      expect((await dashboard.open(method, there, { as: VIEWER })).status).toBe(403);
      const foreign = [
        { origin: 'https://evil.example' },
        { origin: 'null' },
        { origin: dashboard.url, 'sec-fetch-site': 'cross-site' },
        { origin: dashboard.url, 'sec-fetch-site': 'same-site' },
      ];
      for (const headers of foreign) {
        expect((await dashboard.open(method, there, { headers })).status).toBe(403);
      }
      expect((await shop.producer.status(dead))?.state).toBe('dead');
      expect((await shop.producer.deadLetters.show(dead))?.messageId).toBe(dead);
    },
  );

  test.each([
    'obliterate',
    'empty',
    'add',
    'clean/failed',
    'LETTER/clean',
    'LETTER/update-data',
    'rate-limit',
    'promote',
  ])(
    'not even an operator may %s on the board: it would lose or forge messages',
    async (action) => {
      for (const method of ['PUT', 'POST', 'PATCH']) {
        const { status } = await dashboard.open(
          method,
          real(`/board/api/queues/dead-letter/${action}`),
        );
        expect([403, 404]).toContain(status);
      }
      expect((await shop.producer.deadLetters.show(dead))?.messageId).toBe(dead);
    },
  );

  test.each(['empty#/retry', 'obliterate#/retry', 'promote#/retry'])(
    'what is behind a # in an address (%s) allows nothing',
    async (action) => {
      const target = real(`/board/api/queues/dead-letter/${action}`);
      expect(await statusOf(dashboard, 'PUT', target)).toBe(403);
      expect((await shop.producer.deadLetters.show(dead))?.messageId).toBe(dead);
    },
  );

  test('a login gives a session that ends with the logout', async () => {
    const [name = '', password = ''] = VIEWER.split(':');
    const login = await dashboard.open('POST', '/login', { as: null, form: { name, password } });
    expect([login.status, login.headers.get('location')]).toEqual([303, '/']);
    const cookie = login.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^courier_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
    const as = `cookie ${cookie.split(';')[0]}`;
    expect((await dashboard.open('GET', '/', { as })).text).toContain('han.mei');
    expect((await dashboard.open('POST', '/logout', { as })).status).toBe(303);
    expect((await dashboard.open('GET', '/', { as })).status).toBe(401);
  });

  test('a script is asked for HTTP Basic, a page in a browser is not', async () => {
    const asked = async (headers: Readonly<Record<string, string>>) => {
      const there = '/board/api/queues';
      const answer = await dashboard.open('GET', there, { as: null, headers });
      return [answer.status, answer.headers.get('www-authenticate')];
    };
    const json = { accept: 'application/json, text/plain, */*' };
    expect(await asked(json)).toEqual([401, expect.stringContaining('Basic')]);
    expect(await asked({ ...json, 'sec-fetch-site': 'same-origin' })).toEqual([401, null]);
  });

  test('behind TLS the cookie is for TLS only', async () => {
    const [name = '', password = ''] = OPERATOR.split(':');
    const headers = { 'x-forwarded-proto': 'https' };
    const login = await dashboard.open('POST', '/login', {
      as: null,
      form: { name, password },
      headers,
    });
    expect(login.headers.get('set-cookie')).toContain('Secure');
  });
});

describe('what pages show', () => {
  test('the overview has the account, its lanes and the dead letters', async () => {
    const { status, text } = await dashboard.open('GET', '/', { as: VIEWER });
    expect(status).toBe(200);
    expect(text).toContain(shop.appId);
    expect(text).toMatch(/Dead letters: 1</);
  });

  test('a message is found by its id and by the caller’s id, with what its code means', async () => {
    for (const query of [dead, `order-${MARKUP}`]) {
      const { status, text } = await dashboard.open(
        'GET',
        `/message?q=${encodeURIComponent(query)}`,
      );
      expect(status).toBe(200);
      expect(text).toContain(dead);
      expect(text).toContain('40037');
    }
    expect((await dashboard.open('GET', '/message?q=nobody')).status).toBe(404);
  });

  test('a message is found by its recipient, who is not on the page', async () => {
    const { status, text } = await dashboard.open('GET', `/message?q=${OPENID}`);
    expect(status).toBe(200);
    expect(text).toContain(dead);
    const nobody = await dashboard.open(
      'GET',
      `/message?q=${OPENID.replace('PLANTED', 'NOBODYS')}`,
    );
    expect(nobody.status).toBe(404);
    expect(nobody.text).not.toContain('NOBODYS');
  });

  test('of a recipient with several messages all are listed, and a sent one is found by its msgid', async () => {
    const touser = 'oSEVERAL-MESSAGES-0123456789';
    const ids: string[] = [];
    for (const text of ['一', '二']) {
      const message = { touser, msgtype: 'text', text: { content: text } };
      const { messageId } = await shop.producer.enqueue({ ...shop.custom(), message });
      ids.push(messageId);
    }
    const template = shop.template();
    const { messageId } = await shop.producer.enqueue(template);
    const { wechatMsgId } = await shop.reached(messageId, 'sent');
    const { text } = await dashboard.open('GET', `/message?q=${touser}`);
    for (const id of ids) expect(text).toContain(id);
    const byMsgid = await dashboard.open('GET', `/message?q=${wechatMsgId}`);
    expect(byMsgid.text).toContain(messageId);
  });

  test('the overview counts what WeChat answered, with the codes and where they lead', async () => {
    const link = `/dead-letters?appId=${shop.appId}&amp;errcode=40037`;
    await waitFor(async () => {
      const { text } = await dashboard.open('GET', `/accounts/${shop.appId}`);
      return text.includes('40037') && text.includes('stable_token');
    });
    const { text } = await dashboard.open('GET', `/accounts/${shop.appId}`);
    expect(text).toContain(link);
    expect(text).toMatch(/0 of 6/);
  });

  test('dead letters are filtered by template and by time', async () => {
    const letters = async (query: string) =>
      (await dashboard.open('GET', `/dead-letters?${query}`)).text.includes(dead);
    expect(await letters(`template=${'T'.repeat(43)}&since=1h`)).toBe(true);
    expect(await letters(`template=${'U'.repeat(43)}`)).toBe(false);
    expect(await letters('until=1h')).toBe(false);
    expect(await letters(`since=${new Date(Date.now() + 60_000).toISOString()}`)).toBe(false);
  });

  test('in Chinese for a browser that asks for it', async () => {
    const headers = { 'accept-language': 'zh-CN,zh;q=0.9' };
    expect((await dashboard.open('GET', '/dead-letters', { headers })).text).toContain('重新投递');
  });

  test('markup in ids is text, recipients and content are nowhere, nothing comes from elsewhere', async () => {
    const paths = [
      '/',
      '/dead-letters',
      `/message?q=${dead}`,
      `/message?q=${encodeURIComponent(MARKUP)}`,
      '/board',
    ];
    paths.push('/board/api/queues?activeQueue=dead-letter&status=failed&page=1&jobsPerPage=10');
    paths.push(`/board/api/queues/dead-letter/${dead}`);
    for (const path of paths) {
      const { text, headers } = await dashboard.open('GET', path);
      expect(text).not.toContain(OPENID);
      expect(text).not.toContain(VALUE);
      expect(text).not.toMatch(/(?:src|href|action)="?(?:https?:)?\/\//);
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
      const isHtml = headers.get('content-type')?.includes('html') === true;
      expect(isHtml && text.includes('<script>alert')).toBe(false);
    }
    const board = await dashboard.open('GET', `/board/api/queues/dead-letter/${dead}`);
    expect(board.text).toContain('oPLAN…89ab');
    const log = JSON.stringify(dashboard.log);
    for (const secret of [OPENID, VALUE, shop.secret, 'operator-password-1'])
      expect(log).not.toContain(secret);
  });

  test.each(['waiting', 'latest'])(
    'the board gives no more than a hundred jobs at once (%s), whatever is asked for',
    async (status) => {
      const full = await courier.open({ workers: 0 });
      const own = await startDashboard(full);
      try {
        await full.producer.enqueueMany(Array.from({ length: 150 }, () => full.template()));
        const query = `activeQueue=${full.appId}.template&status=${status}&jobsPerPage=100000`;
        const { text } = await own.open('GET', `/board/api/queues?${query}`, { as: VIEWER });
        const { queues } = JSON.parse(text) as { queues: { name: string; jobs: unknown[] }[] };
        const lane = queues.find(({ name }) => name === `${full.appId}.template`);
        expect(lane?.jobs).toHaveLength(100);
      } finally {
        await own.stop();
      }
    },
  );

  test('the board has the dead letters first, then the lanes', async () => {
    const { text } = await dashboard.open('GET', '/board/api/queues', {
      headers: { accept: 'application/json' },
    });
    const { queues } = JSON.parse(text) as { queues: { name: string; readOnlyMode: boolean }[] };
    expect(queues.map(({ name }) => name)).toEqual([
      'dead-letter',
      `${shop.appId}.template`,
      `${shop.appId}.custom`,
    ]);
  });
});

test.each([
  [VIEWER, true],
  [OPERATOR, false],
])('the board tells %s that it may only be read: %s', async (as, isReadOnly) => {
  const { text } = await dashboard.open('GET', '/board/api/queues', { as });
  const { queues } = JSON.parse(text) as {
    queues: { readOnlyMode: boolean; allowRetries: boolean; allowCompletedRetries: boolean }[];
  };
  expect(queues.map(({ readOnlyMode }) => readOnlyMode)).toEqual(Array(3).fill(isReadOnly));
  expect(queues.map(({ allowRetries }) => allowRetries)).toEqual([!isReadOnly, false, false]);
  for (const { allowCompletedRetries } of queues) expect(allowCompletedRetries).toBe(false);
});

describe('what an operator does', () => {
  test('pausing and resuming an account, with a line that says who', async () => {
    await dashboard.open('POST', `/accounts/${shop.appId}/pause`);
    expect((await dashboard.open('GET', `/accounts/${shop.appId}`)).text).toContain(
      'paused: operator',
    );
    await dashboard.open('POST', `/accounts/${shop.appId}/resume`);
    expect((await dashboard.open('GET', `/accounts/${shop.appId}`)).text).toContain('running');
    const audits = dashboard.log.filter(
      (line) => line['audit'] === true && line['user'] === 'li.na',
    );
    expect(audits).toContainEqual(
      expect.objectContaining({
        path: `/accounts/${shop.appId}/pause`,
        status: 303,
        remote: '127.0.0.1',
      }),
    );
  });

  test('changing the rate of a lane while it sends, and giving it back to the file', async () => {
    const there = `/accounts/${shop.appId}`;
    const change = (form: Record<string, string>) =>
      dashboard.open('POST', `${there}/rate`, { form: { kind: 'custom', ...form } });
    const set = async (form: Record<string, string>) => (await change(form)).status;
    for (const perSecond of ['', '0', '-5', 'many', '1e9']) {
      const refused = await change({ perSecond });
      expect([perSecond, refused.status]).toEqual([perSecond, 400]);
      expect(refused.text).toContain(`got "${perSecond}"`);
      expect(refused.text).toContain(`value="${perSecond}"`);
    }
    const text = async () => (await dashboard.open('GET', there)).text;
    expect(await set({ perSecond: '30' })).toBe(303);
    expect(await text()).toContain('→ 30/s');
    await waitFor(async () => (await text()).includes('>30/s <span class="line">set by hand<'));
    expect(await text()).toMatch(/value="30"/);
    expect(await set({ perSecond: '30', reset: 'yes' })).toBe(303);
    expect(await text()).not.toContain('set by hand');
    // What is set without touching the field is what the file says, not what its slice lets through.
    expect(await text()).toMatch(/custom: Rate<input[^>]* value="100"/);
    expect(dashboard.log).toContainEqual(
      expect.objectContaining({ audit: true, user: 'li.na', kind: 'custom', perSecond: 30 }),
    );
  });

  test('Bull Board’s own retry of a dead letter redrives its message', async () => {
    const before = (await shop.producer.status(dead))?.attempts.length ?? 0;
    const retry = `/board/api/queues/dead-letter/${dead}/retry`;
    expect((await dashboard.open('PUT', retry)).status).toBe(204);
    await waitFor(async () => ((await shop.producer.status(dead))?.attempts.length ?? 0) > before);
    await shop.reached(dead, 'dead');
  });

  test.each([{ reason: 'nonsense' }, { errcode: '4x' }, { reasn: 'expired' }])(
    'a filter that is not understood (%j) does nothing, rather than everything',
    async (form) => {
      for (const action of ['redrive', 'purge']) {
        const done = { ...form, confirmed: 'yes' };
        const { status } = await dashboard.open('POST', `/dead-letters/${action}`, { form: done });
        expect(status).toBe(400);
      }
      const query = new URLSearchParams(form).toString();
      expect((await dashboard.open('GET', `/dead-letters?${query}`)).status).toBe(400);
      expect((await dashboard.open('GET', '/message?q=')).status).toBe(404);
    },
  );

  test('redriving the filtered set, and purging one', async () => {
    await waitFor(async () => (await shop.producer.deadLetters.show(dead)) !== null);
    const form = { reason: 'template-config', confirmed: 'yes' };
    const { headers } = await dashboard.open('POST', '/dead-letters/redrive', { form });
    const repair = headers.get('location') ?? '';
    expect(repair).toMatch(/^\/repairs\/[\w-]{12}$/);
    await waitFor(async () => (await dashboard.open('GET', repair)).text.includes('finished'));
    expect((await dashboard.open('GET', repair)).text).toMatch(
      /redrives asked for<\/dt>\s*<dd>1<\/dd>/,
    );
    await waitFor(async () => (await shop.producer.deadLetters.show(dead))?.redrives === 2);
    await shop.reached(dead, 'dead');
    const asking = await dashboard.open('POST', '/dead-letters/purge', {
      form: { messageId: dead },
    });
    expect(asking.text).toContain('for good?');
    expect(await shop.producer.deadLetters.show(dead)).not.toBeNull();
    const confirmed = { messageId: dead, confirmed: 'yes' };
    await dashboard.open('POST', '/dead-letters/purge', { form: confirmed });
    expect(await shop.producer.status(dead)).toBeNull();
    expect((await dashboard.open('GET', '/dead-letters')).text).toContain('Nothing here.');
  });
});

test('Bull Board’s Retry all is one repair, which asks for each letter once although they die again at once', async () => {
  await shop.writeAccounts({ rate: { template: { perSecond: 5000 } } });
  await Promise.all(shop.workers.map((worker) => worker.reload()));
  const count = 400;
  const reply = { kind: 'errcode', errcode: 43_004 };
  shop.fault('template', { accept: false, reply, count: 2 * count });
  await shop.producer.enqueueMany(Array.from({ length: count }, () => shop.template()));
  const filter = { appId: shop.appId, errcode: reply.errcode, limit: 2 * count };
  const redrives = async () =>
    (await shop.producer.deadLetters.list(filter)).map((letter) => letter.redrives);
  const patience = { timeoutMs: 20_000, what: 'all letters' };
  await waitFor(async () => (await redrives()).length === count, patience);
  const retry = () => dashboard.open('PUT', '/board/api/queues/dead-letter/retry/failed');
  const clicks = await Promise.all([retry(), retry()]);
  expect(clicks.map(({ status }) => status)).toEqual([200, 200]);
  const isAgain = async () => (await redrives()).filter((times) => times > 0).length === count;
  await waitFor(isAgain, patience);
  expect(new Set(await redrives())).toEqual(new Set([1]));
  const begun = dashboard.log.filter(({ msg }) => msg === 'repair begun').at(-1);
  expect(begun).toMatchObject({ audit: true, user: 'li.na', action: 'redrive' });
});

test('an openid that is typed in a wrong place is in no log line', async () => {
  const stray = 'oSTRAY-OPENID-01234567890123';
  const post = (path: string, form: Readonly<Record<string, string>> = {}, as = OPERATOR) =>
    dashboard.open('POST', path, { form, as });
  const { headers } = await post('/dead-letters/redrive', { template: stray, confirmed: 'yes' });
  const ended = () => dashboard.log.some(({ msg }) => msg === 'repair ended');
  await waitFor(ended);
  expect(headers.get('location')).toMatch(/^\/repairs\//);
  await post('/dead-letters/redrive', { messageId: `${stray}.${'0'.repeat(26)}` });
  await post('/dead-letters/redrive', { messageId: stray });
  await post(`/accounts/${stray}/pause`);
  await post(`/accounts/%6f${stray.slice(1)}/pause`);
  await post('/login', { name: stray, password: 'wrong-password' });
  expect(dashboard.log.filter(({ audit }) => audit === true).length).toBeGreaterThan(5);
  expect(JSON.stringify(dashboard.log)).not.toContain(stray.slice(1));
});

describe('users', () => {
  test('a removed one is out within five seconds', async () => {
    await removeUser(dashboard.usersFile, 'han.mei');
    const status = async () => (await dashboard.open('GET', '/', { as: VIEWER })).status;
    await expect.poll(status, { timeout: 5000 }).toBe(401);
  });

  test('a session ends when its user is given another password', async () => {
    const own = await startDashboard(await courier.open({ workers: 0 }));
    try {
      const [name = '', password = ''] = OPERATOR.split(':');
      const login = await own.open('POST', '/login', { as: null, form: { name, password } });
      const as = `cookie ${(login.headers.get('set-cookie') ?? '').split(';')[0]}`;
      expect((await own.open('GET', '/', { as })).status).toBe(200);
      await removeUser(own.usersFile, name);
      const renewed = await newUser({ name, role: 'operator' }, 'another-password-1', Date.now);
      await addUser(own.usersFile, renewed);
      const status = async () => (await own.open('GET', '/', { as })).status;
      await expect.poll(status, { timeout: 5000 }).toBe(401);
      const again = await own.open('GET', '/', { as: `${name}:another-password-1` });
      expect(again.status).toBe(200);
      expect(await status()).toBe(401);
    } finally {
      await own.stop();
    }
  });

  test('guessing is slowed down, for the name and for the address', async () => {
    const own = await startDashboard(await courier.open({ workers: 0 }));
    try {
      const guess = (n: number) => own.open('GET', '/', { as: `li.na:guess-number-${n}` });
      for (let n = 1; n <= 5; n += 1) expect((await guess(n)).status).toBe(401);
      const refused = await guess(6);
      expect(refused.status).toBe(429);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(20);
      expect((await own.open('GET', '/')).status).toBe(429);
      const form = { name: `li.na${'!'.repeat(100)}`, password: 'guess' };
      for (let n = 6; n <= 25; n += 1) await own.open('POST', '/login', { as: null, form });
      const lines = own.log.filter(({ msg }) => msg === 'login refused');
      const locked = { audit: true, user: 'li.na', waitMs: expect.any(Number) };
      expect(lines.slice(0, 7)).toMatchObject([
        ...Array(5).fill({ user: 'li.na' }),
        locked,
        locked,
      ]);
      expect(lines[4]).not.toHaveProperty('waitMs');
      expect(lines.at(-1)).toMatchObject({ ...locked, user: form.name.slice(0, 64) });
    } finally {
      await own.stop();
    }
  });

  test('guessing many at once is slowed down as much', async () => {
    const own = await startDashboard(await courier.open({ workers: 0 }));
    try {
      const guesses = Array.from({ length: 30 }, (_, n) => `li.na:guess-number-${n}`);
      const answers = await Promise.all(
        [...guesses, OPERATOR].map((as) => own.open('GET', '/', { as })),
      );
      const checked = answers.filter(({ status }) => status !== 429);
      expect(checked.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401]);
    } finally {
      await own.stop();
    }
  });

  test('those who log in at once with the right password are all let in', async () => {
    const own = await startDashboard(await courier.open({ workers: 0 }));
    try {
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_, n) =>
          own.open('GET', '/', { as: n % 2 === 0 ? OPERATOR : VIEWER }),
        ),
      );
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    } finally {
      await own.stop();
    }
  });

  test('without users there is one for this run, told to the terminal only', async () => {
    const own = await startDashboard(await courier.open({ workers: 0 }), { withUsers: false });
    try {
      const [, password = ''] = /password (\S{24})/.exec(own.said.join('\n')) ?? [];
      expect((await own.open('GET', '/', { as: `operator:${password}` })).status).toBe(200);
      expect(JSON.stringify(own.log)).not.toContain(password);
    } finally {
      await own.stop();
    }
  });

  test('without users it does not listen beyond loopback', async () => {
    const own = courier
      .open({ workers: 0 })
      .then((one) => startDashboard(one, { withUsers: false, env: { COURIER_HOST: '0.0.0.0' } }));
    await expect(own).rejects.toThrow(/courier users add/);
  });
});
