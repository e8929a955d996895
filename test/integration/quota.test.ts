import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { parseAccounts } from '../../src/shared/accounts.ts';
import { systemClock } from '../../src/shared/clock.ts';
import { readQuotas } from '../../src/shared/quota.ts';
import { createQuotaReader } from '../../src/worker/account/quota-reader.ts';
import { createTurns } from '../../src/worker/turns.ts';
import { type Shop, TEMPLATE_SEND, useCourier } from '../helpers/courier.ts';
import { startDashboard } from '../helpers/dashboard.ts';
import { startIngest } from '../helpers/ingest.ts';
import { eventually, waitFor } from '../helpers/wait-for.ts';

/* What WeChat says is left of the daily quotas. */

const courier = useCourier();
const GET_QUOTA = '/cgi-bin/openapi/quota/get';

async function sendOne(shop: Shop): Promise<void> {
  const { messageId } = await shop.producer.enqueue(shop.template());
  await shop.reached(messageId, 'sent');
}
const ofTemplates = async (shop: Shop) => (await readQuotas(shop.redis, shop.appId)).template;
const read = (shop: Shop) => waitFor(() => ofTemplates(shop));
const limited = (shop: Shop, quota: object) =>
  shop.control('POST', 'accounts', {
    appId: shop.appId,
    quotas: [{ path: TEMPLATE_SEND, ...quota }],
  });
const failAsking = (shop: Shop, reply: object) =>
  shop.control('POST', 'faults', { appId: shop.appId, path: GET_QUOTA, accept: false, reply });

describe('the quota of an account that sends', () => {
  test('is read soon after its first message, and shown wherever one looks', async () => {
    const shop = await courier.open();
    limited(shop, { daily: 200, used: 189, perMinute: 600 });
    for (let count = 0; count < 4; count += 1) await sendOne(shop);
    const quota = await read(shop);
    expect(quota).toMatchObject({
      kind: 'told',
      dailyLimit: 200,
      rate: { calls: 600, seconds: 60 },
    });
    const { used, remain } = quota as { used: number; remain: number };
    expect([used > 189, used + remain]).toEqual([true, 200]);

    const dashboard = await startDashboard(shop);
    const { text } = await dashboard.open('GET', `/accounts/${shop.appId}`);
    expect(text).toMatch(new RegExp(`class="warn"\\s*>${used} of 200, left: ${remain}<`));
    expect(text).toContain('at most 600 / 60 s');
    await dashboard.stop();

    const api = await startIngest(shop);
    const view = await api.call('GET', `/v1/accounts/${shop.appId}`);
    const daily = { limit: 200, used, remain, readAt: quota.readAt };
    expect(view.json['quota']).toMatchObject([{ kind: 'template', daily }, { kind: 'custom' }]);
    await api.stop();

    await eventually(async () => {
      const page = await (await fetch(`http://127.0.0.1:${shop.workers[0]?.port}/metrics`)).text();
      const labels = `{account="${shop.appId}",kind="template"}`;
      expect(page).toContain(`courier_quota_limit${labels} 200`);
      expect(page).toContain(`courier_quota_used${labels} ${used}`);
    });
  });

  test('that WeChat does not tell is said so, with its code', async () => {
    const shop = await courier.open();
    failAsking(shop, { kind: 'errcode', errcode: 48_001 });
    await sendOne(shop);
    expect(await read(shop)).toMatchObject({ kind: 'untold', errcode: 48_001 });
    const dashboard = await startDashboard(shop);
    const { text } = await dashboard.open('GET', `/accounts/${shop.appId}`);
    expect(text).toContain('does not say more: 48001');
    await dashboard.stop();
  });

  test('asked for with a token that WeChat refuses stays unknown, and no token is renewed', async () => {
    const shop = await courier.open();
    const refused = () => shop.judge().requests[GET_QUOTA]?.['unprocessed'] ?? 0;
    const before = refused();
    failAsking(shop, { kind: 'errcode', errcode: 40_001 });
    await sendOne(shop);
    await waitFor(() => refused() === before + 2);
    await sendOne(shop);
    expect(shop.tokenFetches()).toMatchObject({ stableNormal: 1, stableForced: 0 });
    expect(await ofTemplates(shop)).toBeNull();
  });

  test('without an answer of WeChat’s is a warning that quotes no token, and messages go on', async () => {
    const shop = await courier.open();
    failAsking(shop, { kind: 'bad-gateway' });
    await sendOne(shop);
    const line = await waitFor(() => shop.log().find(({ chore }) => chore === 'quota'));
    expect(line).toMatchObject({
      level: 'warn',
      detail: 'openapi/quota/get: expected an answer of WeChat, got HTTP 502',
    });
    await sendOne(shop);
  });

  test('is asked for by one worker of all, and by none where that is switched off', async () => {
    const shop = await courier.open({ workers: 0 });
    const asked: string[] = [];
    const wechat = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end('{"errcode":0,"quota":{"daily_limit":9,"used":2,"remain":7}}');
    });
    await new Promise<void>((resolve) => wechat.listen(0, '127.0.0.1', resolve));
    const { port } = wechat.address() as AddressInfo;
    const apiBase = `http://127.0.0.1:${port}`;
    const file = { accounts: [{ appId: shop.appId, secret: shop.secret, apiBase }] };
    const [account] = parseAccounts(JSON.stringify(file), {});
    const current = { token: 'a&b', generation: '1', fetchedAt: 0, expiresAt: Infinity };
    const reader = (owner: string, minutes: number) =>
      createQuotaReader({
        redis: shop.redis,
        account: account!,
        store: { read: () => Promise.resolve({ generation: '1', current }) },
        hasToken: () => true,
        turns: createTurns({ redis: shop.redis, keyOf: shop.keys.turn, owner }),
        minutes,
        clock: systemClock,
        logger: pino({ level: 'silent' }),
      });
    const readers = [reader('never', 0), reader('one', 10), reader('another', 10)];
    await Promise.all(readers.map((each) => each.start()));
    await Promise.all(readers.map((each) => each.stop()));
    wechat.close();
    expect(asked).toEqual([1, 2].map(() => `${GET_QUOTA}?access_token=a%26b`));
    expect(await ofTemplates(shop)).toMatchObject({ dailyLimit: 9, used: 2, remain: 7 });
  });
});
