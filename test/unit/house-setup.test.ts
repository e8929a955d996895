import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const SCRIPTS = path.resolve(import.meta.dirname, '../../scripts');

/** The scripts are plain JavaScript; here is what the tests know of them. */
interface Setup {
  checkNode(version: string): void;
  packagesInstalled(root: string): boolean;
}
interface RedisServer {
  findRedis(env: Record<string, string>): string | undefined;
}
interface Apt {
  aptScript(name: string, policyFile: string): string;
}
interface Postgres {
  findPostgres(env: Record<string, string>, debian: string): string | undefined;
}
interface Promtool {
  findPromtool(env: Record<string, string>): string | undefined;
}
interface Stages {
  countTests(report: string, runnerOk: boolean): { passed: number; failed: number; note: string };
}
interface CompleteLock {
  missingOptional(packages: object): unknown[];
}
async function script<T>(name: string): Promise<T> {
  return (await import(path.join(SCRIPTS, name))) as T;
}
const { checkNode, packagesInstalled } = await script<Setup>('setup.mjs');
const { findRedis } = await script<RedisServer>('redis-server.mjs');
const { aptScript } = await script<Apt>('apt.mjs');
const { findPostgres } = await script<Postgres>('postgres.mjs');
const { findPromtool } = await script<Promtool>('promtool.mjs');
const { countTests } = await script<Stages>('stages.mjs');
const { missingOptional } = await script<CompleteLock>('complete-lock.mjs');

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'courier-setup-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function write(file: string, text: string): string {
  const full = path.join(dir, file);
  mkdirSync(path.dirname(full), { recursive: true });
  writeFileSync(full, text);
  return full;
}

function program(file: string, text: string): string {
  const full = write(file, `#!/bin/sh\n${text}\n`);
  chmodSync(full, 0o755);
  return full;
}

describe('the version of Node', () => {
  it.each(['20.19.0', '20.20.2', '22.0.0'])('%s is taken', (version) => {
    expect(() => checkNode(version)).not.toThrow();
  });

  it.each(['18.20.8', '20.18.3'])('%s is refused in one line, as configuration', (version) => {
    expect(() => checkNode(version)).toThrow(
      expect.objectContaining({
        exitCode: 78,
        message: `wechat-courier needs Node 20.19 or later; this is Node ${version}.`,
      }),
    );
  });
});

describe('npm packages', () => {
  const lock = (packages: object) => JSON.stringify({ packages: { '': {}, ...packages } });

  it('are missing in a fresh clone', () => {
    write('package-lock.json', lock({ 'node_modules/a': { version: '1.0.0' } }));
    expect(packagesInstalled(dir)).toBe(false);
  });

  it.each([
    [true, 'as the lock file says', { 'node_modules/a': { version: '1.0.0' } }],
    [false, 'in another version', { 'node_modules/a': { version: '1.0.1' } }],
    [false, 'not at all', {}],
  ])('match: %s, when they are there %s', (matches, _how, present) => {
    const other = { version: '1.0.0', optional: true };
    write('package-lock.json', lock({ 'node_modules/a': { version: '1.0.0' }, 'other-os': other }));
    write('node_modules/.package-lock.json', lock(present));
    expect(packagesInstalled(dir)).toBe(matches);
  });
});

describe('package-lock.json', () => {
  const text = readFileSync(path.join(SCRIPTS, '../package-lock.json'), 'utf8');

  it('describes the packages of every platform, or npm ci refuses it', () => {
    const { packages } = JSON.parse(text) as { packages: object };
    expect(missingOptional(packages), 'node scripts/complete-lock.mjs repairs it').toEqual([]);
    const parent = { optionalDependencies: { 'a-darwin-arm64': '1.0.0' } };
    expect(missingOptional({ 'node_modules/a': parent })).toHaveLength(1);
  });

  it('names no registry', () => {
    expect(text).not.toContain('"resolved"');
  });
});

describe('finding a redis-server', () => {
  it('takes the first on the PATH, Valkey if there is no Redis', () => {
    const valkey = program('a/valkey-server', '');
    expect(findRedis({ PATH: `${dir}/a:${dir}/b` })).toBe(valkey);
    const redis = program('b/redis-server', '');
    expect(findRedis({ PATH: `${dir}/a:${dir}/b` })).toBe(redis);
  });

  it('finds nothing where there is nothing', () => {
    expect(findRedis({ PATH: dir })).toBeUndefined();
  });

  it('takes REDIS_SERVER_BIN first, and refuses one that is no program', () => {
    const mine = program('mine', '');
    expect(findRedis({ PATH: '', REDIS_SERVER_BIN: mine })).toBe(mine);
    expect(() => findRedis({ PATH: '', REDIS_SERVER_BIN: '/nowhere' })).toThrow(
      expect.objectContaining({ exitCode: 78 }),
    );
  });
});

describe('finding a PostgreSQL', () => {
  const server = (folder: string) => {
    program(`${folder}/postgres`, '');
    return path.dirname(program(`${folder}/initdb`, ''));
  };

  it('takes the newest of Debian’s before the one on the PATH, and POSTGRES_BIN before both', () => {
    const onPath = server('bin');
    const debian = path.join(dir, 'debian');
    expect(findPostgres({ PATH: onPath }, debian)).toBe(onPath);
    server('debian/9/bin');
    const newest = server('debian/15/bin');
    expect(findPostgres({ PATH: onPath }, debian)).toBe(newest);
    const mine = server('mine');
    expect(findPostgres({ PATH: onPath, POSTGRES_BIN: mine }, debian)).toBe(mine);
  });

  it('finds nothing where there is only a client', () => {
    program('bin/psql', '');
    expect(findPostgres({ PATH: `${dir}/bin` }, `${dir}/none`)).toBeUndefined();
  });
});

describe('finding a promtool', () => {
  it('takes PROMTOOL_BIN before the one on the PATH, and refuses one that is no program', () => {
    const onPath = program('bin/promtool', '');
    const env = { PATH: `${dir}/bin` };
    expect(findPromtool(env)).toBe(onPath);
    expect(findPromtool({ PATH: `${dir}/none` })).toBeUndefined();
    const mine = program('mine', '');
    expect(findPromtool({ ...env, PROMTOOL_BIN: mine })).toBe(mine);
    expect(() => findPromtool({ ...env, PROMTOOL_BIN: '/nowhere' })).toThrow(
      expect.objectContaining({ exitCode: 78 }),
    );
  });
});

describe('installing redis-server with apt-get', () => {
  const install = (aptGet: string) => {
    program('bin/apt-get', aptGet);
    program('bin/systemctl', '');
    const policy = path.join(dir, 'policy-rc.d');
    const env = { PATH: `${dir}/bin:/usr/bin:/bin` };
    const { status } = spawnSync('sh', ['-c', aptScript('redis-server', policy)], {
      env,
      cwd: dir,
    });
    return { status, policy };
  };
  const record = 'echo "$*" >> calls; ./policy-rc.d; echo "policy $?" >> calls';

  it('forbids the package to start a service, and leaves no policy behind', () => {
    const { status, policy } = install(record);
    expect(status).toBe(0);
    expect(readFileSync(path.join(dir, 'calls'), 'utf8')).toBe(
      'update -q\npolicy 101\n' +
        'install -y -q --no-install-recommends redis-server\npolicy 101\n',
    );
    expect(existsSync(policy)).toBe(false);
  });

  it.each([
    [0, record],
    [100, `${record}; exit 100`],
  ])('puts back the policy that was there, apt-get ending with %i', (code, aptGet) => {
    write('policy-rc.d', 'somebody else’s');
    const { status, policy } = install(aptGet);
    expect(status).toBe(code);
    expect(readFileSync(policy, 'utf8')).toBe('somebody else’s');
  });
});

describe('counting tests', () => {
  const passing = { status: 'passed', assertionResults: [{ status: 'passed' }] };
  const failing = { status: 'failed', assertionResults: [{ status: 'failed' }] };
  const broken = { status: 'failed', assertionResults: [] };
  const report = (testResults: { assertionResults: { status: string }[] }[]) => {
    const all = testResults.flatMap((file) => file.assertionResults);
    const of = (status: string) => all.filter((one) => one.status === status).length;
    return write(
      'report.json',
      JSON.stringify({
        numPassedTests: of('passed'),
        numFailedTests: of('failed'),
        numPendingTests: 0,
        numTodoTests: 0,
        testResults,
      }),
    );
  };

  it.each([
    ['tests that pass and fail', [passing, passing, failing], false, { passed: 2, failed: 1 }],
    ['a file that does not load', [passing, broken], false, { passed: 1, failed: 1 }],
    ['a run without any test', [], true, { passed: 0, failed: 1 }],
    ['a runner that fails beside its tests', [passing], false, { passed: 1, failed: 1 }],
  ])('counts %s', (_what, files, runnerOk, expected) => {
    expect(countTests(report(files), runnerOk)).toMatchObject(expected);
  });

  it('counts a runner that leaves no report as failed', () => {
    expect(countTests(path.join(dir, 'none.json'), true)).toMatchObject({ passed: 0, failed: 1 });
  });
});
