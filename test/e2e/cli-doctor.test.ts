import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accountKeys } from '../../src/shared/keys.ts';
import { APP, OPENID, useCli } from './cli-harness.ts';

/* The commands for a bad night: what is wrong, and what to do about it. */

const cli = useCli();

interface Examination {
  readonly ok: boolean;
  readonly checks: readonly { name: string; ok: boolean; detail: string; remedy?: string }[];
}

async function examine(
  env: Readonly<Record<string, string>> = {},
): Promise<Examination & { code: number | null }> {
  const answer = await cli.courierWith({
    args: ['doctor', '--json'],
    env: { REDIS_URL: cli.redis.url, COURIER_ALLOW_VOLATILE_REDIS: '1', ...env },
  });
  return { ...answer.json<Examination>(), code: answer.code };
}

const found = ({ checks }: Examination, name: string) =>
  checks.find((check) => check.name.startsWith(name));

describe('courier doctor', () => {
  test('finds nothing where all is well, and says so for people too', async () => {
    const worker = await cli.startWorker();
    const all = await examine();
    expect(all.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect([all.ok, all.code]).toEqual([true, 0]);
    const names = all.checks.map(({ name }) => name);
    expect(names).toEqual([
      'redis.reachable',
      'redis.version',
      'redis.persistence',
      'redis.eviction',
      'redis.memory',
      'redis.clock',
      `lane ${APP}.template`,
      `lane ${APP}.custom`,
      'accounts',
      `account.token ${APP}`,
    ]);
    const text = await cli.courierWith({
      args: ['doctor'],
      env: { REDIS_URL: cli.redis.url, COURIER_ALLOW_VOLATILE_REDIS: '1' },
    });
    expect(text.stdout).toMatch(/All is well\.$/);
    await worker.stop();
  });

  test('misses a worker and an append-only file: exit 1, with the remedies', async () => {
    await cli.redis.client.config('SET', 'appendonly', 'no');
    const strict = await examine({ COURIER_ALLOW_VOLATILE_REDIS: '' });
    const lenient = await examine();
    await cli.redis.client.config('SET', 'appendonly', 'yes');
    expect([strict.ok, strict.code]).toEqual([false, 1]);
    const remedy = expect.stringContaining('appendonly yes') as string;
    expect(found(strict, 'redis.persistence')).toMatchObject({ ok: false, remedy });
    expect(found(lenient, 'redis.persistence')).toMatchObject({
      ok: true,
      detail: expect.stringMatching(/^warning: /),
      remedy,
    });
    expect(found(strict, 'lane ')).toMatchObject({
      ok: false,
      remedy: expect.stringContaining('courier start worker'),
    });
  });

  test('names the address that must be on the whitelist (40164)', async () => {
    cli.simulator.control('POST', '/_control/accounts', {
      appId: APP,
      condition: 'ip-not-listed',
      callIp: '203.0.113.7',
    });
    const all = await examine();
    expect(found(all, 'account.token')).toMatchObject({
      ok: false,
      detail: expect.stringContaining('40164'),
      remedy: expect.stringContaining('203.0.113.7'),
    });
    cli.simulator.control('POST', '/_control/accounts', { appId: APP, condition: 'ok' });
  });

  test('without Redis still looks at the accounts', async () => {
    const all = await examine({ REDIS_URL: 'redis://127.0.0.1:1/0' });
    expect(all.code).toBe(1);
    expect(all.checks.map(({ name, ok }) => [name, ok])).toEqual([
      ['redis.reachable', false],
      ['accounts', true],
      [`account.token ${APP}`, true],
    ]);
  });

  describe('in a folder with a broken accounts file', () => {
    let folder = '';
    beforeAll(async () => {
      folder = await mkdtemp(path.join(tmpdir(), 'courier-doctor-'));
      await writeFile(path.join(folder, 'accounts.json'), '{"accounts": [{"appId": 5}]}');
    });
    afterAll(async () => {
      await rm(folder, { recursive: true, force: true });
    });

    test('says what is wrong with it', async () => {
      const answer = await cli.courierWith({
        args: ['doctor', '--json'],
        cwd: folder,
        env: { REDIS_URL: cli.redis.url },
      });
      expect(found(answer.json<Examination>(), 'accounts')).toMatchObject({
        ok: false,
        detail: expect.stringContaining('/accounts/0/appId'),
      });
    });
  });
});

describe('courier token', () => {
  test('shows age and fingerprint, never the token; refresh gives all workers another', async () => {
    expect((await cli.courier('token', 'show', APP)).stdout).toContain('no token yet');
    const refreshed = await cli.courier('token', 'refresh', APP, '--json');
    expect(refreshed.json()).toMatchObject({ state: 'valid', generation: 1 });
    const shown = await cli.courier('token', 'show', APP, '--json');
    expect(shown.json()).toMatchObject({
      appId: APP,
      state: 'valid',
      fingerprint: expect.stringMatching(/^[0-9a-f]{12}$/),
    });
    const forced = await cli.courier('token', 'refresh', APP, '--force', '--json');
    expect(forced.json<{ fingerprint: string }>().fingerprint).not.toBe(
      shown.json<{ fingerprint: string }>().fingerprint,
    );
    const again = await cli.courier('token', 'refresh', APP, '--force');
    expect([again.code, again.stderr]).toEqual([1, expect.stringMatching(/^ERR_TOKEN: /)]);
    // A worker takes it from there.
    const worker = await cli.startWorker();
    const messageId = await cli.sendText(OPENID, 'hello');
    await cli.untilState(messageId, 'sent');
    expect(await cli.redis.client.hget(accountKeys(APP).token, 'gen')).toBe('2');
    await worker.stop();
    // In a shell with another secret than the workers': not "no token", but which secret is wrong.
    const accountsFile = path.join(cli.folder, 'other-secret.json');
    const accounts = [{ appId: APP, secret: 'another', apiBase: 'http://127.0.0.1:1' }];
    await writeFile(accountsFile, JSON.stringify({ accounts }));
    const env = { REDIS_URL: cli.redis.url, COURIER_ACCOUNTS_FILE: accountsFile };
    const sealed = await cli.courierWith({ args: ['token', 'show', APP], cwd: cli.folder, env });
    expect([sealed.code, sealed.stdout]).toEqual([1, expect.stringContaining('another secret')]);
  });

  test('of an account that nobody knows is an error', async () => {
    const { code, stderr } = await cli.courier('token', 'show', 'wx0000000000000000');
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^ERR_UNKNOWN_ACCOUNT: /)]);
  });
});
