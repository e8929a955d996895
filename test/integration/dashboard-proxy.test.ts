import { describe, expect, test } from 'vitest';
import { useCourier } from '../helpers/courier.ts';
import { OPERATOR, startDashboard, type TestDashboard } from '../helpers/dashboard.ts';

const courier = useCourier();
const TRUSTING = { COURIER_DASHBOARD_TRUSTED_PROXIES: '127.0.0.1' };
const [name = '', password = ''] = OPERATOR.split(':');

async function withDashboard(
  env: Readonly<Record<string, string>>,
  use: (dashboard: TestDashboard) => Promise<void>,
): Promise<void> {
  const dashboard = await startDashboard(await courier.open({ workers: 0 }), { env });
  try {
    await use(dashboard);
  } finally {
    await dashboard.stop();
  }
}

/** Statuses of so many wrong passwords of one name, each forwarded for the next of these. */
async function guess(
  { open }: TestDashboard,
  times: number,
  from: (n: number) => string,
): Promise<number[]> {
  const statuses: number[] = [];
  for (let n = 1; n <= times; n += 1) {
    const headers = { 'x-forwarded-for': from(n) };
    statuses.push((await open('GET', '/', { as: `${name}:guess-number-${n}`, headers })).status);
  }
  return statuses;
}

const logInWith = ({ open }: TestDashboard, headers: Readonly<Record<string, string>>) =>
  open('POST', '/login', { as: null, form: { name, password }, headers });

describe('behind a proxy', () => {
  test('an address that a stranger claims to ask for changes nothing', () =>
    withDashboard({}, async (dashboard) => {
      const statuses = await guess(dashboard, 6, (n) => `203.0.113.${n}`);
      expect(statuses).toEqual([401, 401, 401, 401, 401, 429]);
      const remotes = dashboard.log.filter(({ audit }) => audit === true);
      expect(new Set(remotes.map(({ remote }) => remote))).toEqual(new Set(['127.0.0.1']));
    }));

  test('a proxy that is trusted for another address is a stranger', () =>
    withDashboard({ COURIER_DASHBOARD_TRUSTED_PROXIES: '10.0.0.0/8' }, async (dashboard) => {
      expect((await guess(dashboard, 6, (n) => `203.0.113.${n}`)).at(-1)).toBe(429);
    }));

  test('wrong passwords are counted for each client, whatever a client says of itself', () =>
    withDashboard(TRUSTING, async (dashboard) => {
      const statuses = await guess(dashboard, 6, (n) => `198.51.100.${n}, 203.0.113.9`);
      expect(statuses).toEqual([401, 401, 401, 401, 401, 429]);
      const right = async (client: string) =>
        (await dashboard.open('GET', '/', { headers: { 'x-forwarded-for': client } })).status;
      expect(await right('203.0.113.9')).toBe(429);
      expect(await right('203.0.113.10')).toBe(200);
      const refused = { audit: true, remote: '203.0.113.9', msg: 'login refused' };
      expect(dashboard.log).toContainEqual(expect.objectContaining(refused));
    }));

  test('the cookie is for TLS only if the last proxy was asked over TLS', () =>
    withDashboard(TRUSTING, async (dashboard) => {
      const cookieFor = async (proto: string) =>
        (await logInWith(dashboard, { 'x-forwarded-proto': proto })).headers.get('set-cookie');
      expect(await cookieFor('https')).toContain('Secure');
      expect(await cookieFor('http,https')).toContain('Secure');
      expect(await cookieFor('http')).not.toContain('Secure');
    }));

  test('a browser logs in although Host was changed, other sites never do', () =>
    withDashboard({}, async (dashboard) => {
      const origin = 'https://courier.example';
      const statusOf = async (site: Readonly<Record<string, string>>) =>
        (await logInWith(dashboard, { origin, ...site })).status;
      expect(await statusOf({ 'sec-fetch-site': 'same-origin' })).toBe(303);
      for (const site of ['same-site', 'cross-site', 'none']) {
        expect(await statusOf({ 'sec-fetch-site': site })).toBe(403);
      }
      expect(await statusOf({})).toBe(403);
    }));
});
