import { pino } from 'pino';
import { buildDashboard } from '../../src/dashboard/build.ts';
import { newUser, type UserRole } from '../../src/dashboard/users/user.ts';
import { addUser } from '../../src/dashboard/users/users-file.ts';
import { loadConfig } from '../../src/shared/config.ts';
import type { Shop } from './courier.ts';

export interface Page {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export interface PageOptions {
  /** `name:password`, `cookie …` or null for nobody. Default the operator. */
  readonly as?: string | null;
  readonly form?: Readonly<Record<string, string>> | readonly (readonly [string, string])[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** A running dashboard with a viewer and an operator. */
export interface TestDashboard {
  readonly url: string;
  readonly metricsPort: number;
  readonly usersFile: string;
  readonly log: readonly Record<string, unknown>[];
  readonly said: readonly string[];
  /** Changes come from a page of ours unless `headers` say otherwise. Redirects are not followed. */
  open(method: string, path: string, options?: PageOptions): Promise<Page>;
  stop(): Promise<void>;
}

export const OPERATOR = 'li.na:operator-password-1';
export const VIEWER = 'han.mei:viewer-password-1';

export async function startDashboard(
  shop: Shop,
  options: { readonly withUsers?: boolean; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<TestDashboard> {
  const usersFile = `${shop.accountsFile}.users.json`;
  if (options.withUsers ?? true) {
    await add(usersFile, OPERATOR, 'operator');
    await add(usersFile, VIEWER, 'viewer');
  }
  const log: Record<string, unknown>[] = [];
  const said: string[] = [];
  const logger = pino(
    { level: 'debug' },
    { write: (line: string) => void log.push(JSON.parse(line) as Record<string, unknown>) },
  );
  const config = loadConfig({
    REDIS_URL: shop.redisUrl,
    COURIER_ACCOUNTS_FILE: shop.accountsFile,
    COURIER_DASHBOARD_USERS_FILE: usersFile,
    COURIER_DASHBOARD_PORT: '0',
    COURIER_METRICS_PORT: '0',
    ...options.env,
  });
  const dashboard = await buildDashboard(config, logger, (line) => said.push(line));
  const { port, metricsPort = 0 } = await dashboard.start();
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    metricsPort,
    usersFile,
    log,
    said,
    stop: () => dashboard.stop(),
    async open(method, path, { as = OPERATOR, form, headers = {} } = {}) {
      const response = await fetch(`${url}${path}`, {
        method,
        redirect: 'manual',
        headers: {
          accept: 'text/html',
          ...(method !== 'GET' && { origin: url }),
          ...(as !== null && credentials(as)),
          ...headers,
        },
        ...(form && { body: new URLSearchParams(form as Record<string, string>) }),
      });
      return { status: response.status, headers: response.headers, text: await response.text() };
    },
  };
}

function credentials(as: string): Record<string, string> {
  if (as.startsWith('cookie ')) return { cookie: as.slice(7) };
  return { authorization: `Basic ${Buffer.from(as).toString('base64')}` };
}

async function add(usersFile: string, user: string, role: UserRole): Promise<void> {
  const [name = '', password = ''] = user.split(':');
  await addUser(usersFile, await newUser({ name, role }, password, Date.now));
}
