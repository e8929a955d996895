import { describe, expect, it } from 'vitest';
import { loadConfig, printableConfig, VARIABLES } from '../../src/shared/config.ts';
import { CourierError } from '../../src/shared/errors.ts';
import { parseRedisUrl, redactUrl } from '../../src/shared/redis-url.ts';
import { Secret } from '../../src/shared/secret.ts';
import { checkRelations, TIMINGS } from '../../src/shared/timings.ts';

function configError(run: () => unknown): CourierError {
  try {
    run();
  } catch (error) {
    if (error instanceof CourierError && error.code === 'ERR_CONFIG') return error;
    throw error;
  }
  throw new Error('accepted');
}

describe('the configuration', () => {
  it('has a default for everything', () => {
    expect(loadConfig({})).toEqual({
      redisUrl: 'redis://127.0.0.1:6379/0',
      accountsFile: './accounts.json',
      apiKeysFile: './api-keys.json',
      dashboardUsersFile: './dashboard-users.json',
      trustedProxies: [],
      concurrency: 50,
      host: '127.0.0.1',
      ingestPort: 8080,
      callbackPort: 8081,
      dashboardPort: 8082,
      metricsPort: 9464,
      outboxUrl: undefined,
      outboxTable: 'courier_outbox',
      ingestRate: 500,
      searchIndex: true,
      shutdownGraceMs: 15_000,
      quotaMinutes: 10,
      ledgerTtlHours: 72,
      allowVolatileRedis: false,
      logLevel: 'info',
      warnings: [],
    });
  });

  it('comes from the environment, an empty variable counting as unset', () => {
    const env = { COURIER_CONCURRENCY: '7', COURIER_HOST: '', COURIER_ALLOW_VOLATILE_REDIS: '1' };
    expect(loadConfig(env)).toMatchObject({
      concurrency: 7,
      host: '127.0.0.1',
      allowVolatileRedis: true,
    });
  });

  it('takes addresses and ranges of trusted proxies', () => {
    const list = '10.0.0.5, 172.16.0.0/12,::1,fd00::/8';
    const { trustedProxies } = loadConfig({ COURIER_DASHBOARD_TRUSTED_PROXIES: list });
    expect(trustedProxies).toEqual(['10.0.0.5', '172.16.0.0/12', '::1', 'fd00::/8']);
  });

  it('is frozen', () => {
    expect(Object.isFrozen(loadConfig({}))).toBe(true);
  });

  it.each([
    ['COURIER_CONCURRENCY', 'abc', 'an integer from 1 to 2000'],
    ['COURIER_CONCURRENCY', '0', 'an integer from 1 to 2000'],
    ['COURIER_CONCURRENCY', '1e3', 'an integer from 1 to 2000'],
    ['COURIER_INGEST_PORT', '65536', 'an integer from 0 to 65535'],
    ['COURIER_METRICS_PORT', '-1', 'an integer from 0 to 65535'],
    ['COURIER_HOST', 'http://x', 'a host name or an IP address'],
    ['COURIER_ALLOW_VOLATILE_REDIS', 'yes', '1 or 0'],
    ['LOG_LEVEL', 'loud', 'one of fatal, error, warn, info, debug, trace, silent'],
  ])('is refused with %s=%s', (name, value, expected) => {
    const error = configError(() => loadConfig({ [name]: value }));
    const reason = `expected ${expected}, got "${value}"`;
    expect(error.message).toBe(`${name}: ${reason}`);
    expect(error.issues).toEqual([{ path: `/${name}`, reason }]);
  });

  it.each([
    'anyone',
    '10.0.0.5,',
    '10.0.0.0/0',
    '10.0.0.0/33',
    '::1/129',
    '1.2.3.4/8/8',
    'fe80::1%lo',
  ])('trusts no proxy that is called %s', (value) => {
    const error = configError(() => loadConfig({ COURIER_DASHBOARD_TRUSTED_PROXIES: value }));
    expect(error.message).toBe(
      'COURIER_DASHBOARD_TRUSTED_PROXIES: expected IP addresses or CIDR ranges with commas ' +
        `between them, as 10.0.0.5,172.16.0.0/12, got "${value}"`,
    );
  });

  it('reports all mistakes in the issues and the first in its one line', () => {
    const error = configError(() => loadConfig({ LOG_LEVEL: 'x', COURIER_CONCURRENCY: 'x' }));
    expect(error.issues).toHaveLength(2);
    expect(error.message).toMatch(/^COURIER_CONCURRENCY: .+ \(and 1 more\)$/);
  });

  it('warns of a variable that nobody reads, and names the nearest', () => {
    const env = { COURIER_CONCURENCY: '9', COURIER_SIMULATOR_PORT: '1', OTHER: '2' };
    expect(loadConfig(env).warnings).toEqual([
      'COURIER_CONCURENCY is not a setting; did you mean COURIER_CONCURRENCY?',
    ]);
  });

  it('describes every variable for the documentation', () => {
    for (const { name, meaning } of VARIABLES) {
      expect(name).toMatch(/^(REDIS_URL|LOG_LEVEL|COURIER_[A-Z_]+)$/);
      expect(meaning.length).toBeGreaterThan(10);
    }
  });

  it('prints without the password', () => {
    const printed = printableConfig(loadConfig({ REDIS_URL: 'redis://:hunter2@redis.example/1' }));
    expect(printed).toMatchObject({ REDIS_URL: 'redis://***@redis.example/1', LOG_LEVEL: 'info' });
  });
});

describe('an address of Redis', () => {
  const secret = expect.any(Secret);

  it.each([
    [
      'redis://127.0.0.1:6379/0',
      { kind: 'single', host: '127.0.0.1', port: 6379, db: 0, tls: false },
    ],
    ['redis://localhost', { kind: 'single', host: 'localhost', port: 6379, db: 0, tls: false }],
    ['rediss://[::1]:6380/2', { kind: 'single', host: '::1', port: 6380, db: 2, tls: true }],
    [
      'redis://app:p%40ss@h:1',
      { kind: 'single', host: 'h', port: 1, db: 0, tls: false, username: 'app', password: secret },
    ],
    [
      'redis+cluster://a:7000,b:7001,c',
      {
        kind: 'cluster',
        tls: false,
        nodes: [
          { host: 'a', port: 7000 },
          { host: 'b', port: 7001 },
          { host: 'c', port: 6379 },
        ],
      },
    ],
    [
      'rediss+sentinel://:pw@a,b:26380/main/3',
      {
        kind: 'sentinel',
        tls: true,
        password: secret,
        name: 'main',
        db: 3,
        nodes: [
          { host: 'a', port: 26_379 },
          { host: 'b', port: 26_380 },
        ],
      },
    ],
  ])('%s is understood', (url, target) => {
    expect(parseRedisUrl(url)).toEqual(target);
  });

  it('has its password decoded, and shows it to nobody', () => {
    const target = parseRedisUrl('redis://app:p%40ss@h:1');
    expect(target.password?.reveal()).toBe('p@ss');
    expect(JSON.stringify(target)).not.toContain('p@ss');
  });

  it.each([
    'http://hunter2@h',
    'redis://x:hunter2@h:99999',
    'redis://x:hunter2@h/db',
    'redis://x:hunter2@a,b',
    'redis://x:hunter2%@h',
    'redis+sentinel://x:hunter2@a,b',
    'redis+cluster://x:hunter2@a,b/1',
    'redis+other://x:hunter2@a',
    'redis://x:hunter2@',
    'redis://h?password=hunter2',
    'redis://x:hunter2@h x',
    'hunter2',
  ])('%s is refused without its password in the error', (url) => {
    const error = configError(() => loadConfig({ REDIS_URL: url }));
    expect(error.message).toMatch(/^REDIS_URL: expected redis:\/\/host:port\/db, .+, got ".*"/);
    expect(error.message).not.toContain('\n');
    expect(`${error.message}${JSON.stringify(error.issues)}`).not.toContain('hunter2');
  });

  it('is shown without user, password and query', () => {
    expect(redactUrl('redis+cluster://u:p@ss@a:1,b:2/0?x=p')).toBe('redis+cluster://***@a:1,b:2/0');
    expect(redactUrl('redis://127.0.0.1:6379/0')).toBe('redis://127.0.0.1:6379/0');
    expect(redactUrl('nonsense')).toBe('***');
  });
});

describe('settings that belong together', () => {
  const settings = { ...TIMINGS, shutdownGraceMs: 15_000 };

  it('fit each other as they are', () => {
    expect(() => checkRelations(settings)).not.toThrow();
  });

  it.each([
    ['httpDeadlineMs + tokenRenewalMs', { httpDeadlineMs: 9_000 }],
    ['httpDeadlineMs + tokenRenewalMs', { tokenRenewalMs: 4_000 }],
    ['leaseMs', { leaseMs: 15_000 }],
    ['stalledIntervalMs', { stalledIntervalMs: 15_000 }],
    ['COURIER_SHUTDOWN_GRACE_MS', { shutdownGraceMs: 20_000 }],
    ['the sum of templateRetryDelaysMs', { templateRetryDelaysMs: [240_000, 240_000] }],
    ['templateRetryGuardMs + leaseMs', { templateRetryGuardMs: 590_000 }],
  ])('are refused in one line that names %s', (name, change) => {
    const error = configError(() => checkRelations({ ...settings, ...change }));
    expect(error.message).toMatch(/^.+ \(\d+ ms\) must be less than .+ \(\d+ ms\): or .+$/);
    expect(error.message.startsWith(`${name} (`)).toBe(true);
  });

  it('are checked when the configuration is loaded', () => {
    const error = configError(() => loadConfig({ COURIER_SHUTDOWN_GRACE_MS: '30000' }));
    expect(error.message).toContain('COURIER_SHUTDOWN_GRACE_MS (30000 ms) must be less than');
  });
});
