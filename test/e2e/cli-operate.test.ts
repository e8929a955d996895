import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AccountOverview } from '../../src/shared/account-control.ts';
import type { Kind } from '../../src/shared/outcome.ts';
import { parseExposition } from '../helpers/exposition.ts';
import { waitFor } from '../helpers/wait-for.ts';
import { APP, newOpenid, useCli } from './cli-harness.ts';

const cli = useCli();

async function overview(): Promise<AccountOverview> {
  const answer = await cli.courier('queues', '--json');
  const [account] = answer.json<{ accounts: AccountOverview[] }>().accounts;
  if (!account) throw new Error('queues shows no account');
  return account;
}

async function sleepOf(kind: Kind) {
  return (await overview()).lanes.find((lane) => lane.kind === kind)?.sleep;
}

describe('an account in the hands of an operator', () => {
  beforeAll(async () => {
    await cli.startWorker();
  });

  test('paused it sends nothing, resumed it sends what waited', async () => {
    await cli.courier('pause', APP);
    const messageId = await cli.sendText(newOpenid('Paused'), '等一下');
    expect(await overview()).toMatchObject({
      pause: { cause: 'operator' },
      lanes: [
        { kind: 'template', paused: true, workers: 1, standing: { kind: 'paused' } },
        { kind: 'custom', paused: true, waiting: 1, active: 0 },
      ],
    });
    const table = await cli.courier('queues');
    expect(table.stdout).toMatch(/custom +1 +0 +0 +0 +100\/s +1 +paused by operator since/);
    await cli.untilState(messageId, 'queued');

    expect((await cli.courier('resume', APP, '--json')).json()).toEqual({
      appId: APP,
      paused: false,
    });
    await cli.untilState(messageId, 'sent');
    expect(await overview()).not.toHaveProperty('pause');
  });

  test('a rate that is set holds in running workers, until the file decides again', async () => {
    const template = async () => (await overview()).lanes.find((lane) => lane.kind === 'template');
    expect((await cli.courier('rate', APP, 'template', '7.5', '--json')).json()).toEqual({
      appId: APP,
      kind: 'template',
      perSecond: 7.5,
    });
    const isRate = async (wanted: number) => (await template())?.perSecond === wanted;
    await waitFor(() => isRate(7.5), { timeoutMs: 15_000, what: 'workers to keep to the rate' });
    const table = await cli.courier('queues');
    expect(table.stdout).toMatch(/template(?: +0){4} +7\.5\/s set by hand +1 +running/);
    expect(table.stdout).toMatch(/custom(?: +0){4} +100\/s +1 +running/);
    const given = await cli.courier('rate', APP, 'template', 'file');
    expect(given.stdout).toMatch(/template of wx\w+ sends at what the accounts file says/);
    await waitFor(() => isRate(100), {
      timeoutMs: 15_000,
      what: 'workers to read the file again',
    });
    expect(await template()).not.toHaveProperty('setPerSecond');
  });

  test.each(['0', '-1', 'fast', '', '10001'])('a rate of "%s" is wrong usage', async (rate) => {
    const answer = await cli.courier('rate', '--', APP, 'template', rate);
    expect(answer.code).toBe(2);
    expect(answer.stderr).toContain('Expected a number above 0 and at most 10000, or "file".');
  });

  test('resuming wakes a lane that sleeps', async () => {
    const path = '/cgi-bin/message/custom/send';
    const reply = { kind: 'errcode', errcode: 45011 };
    cli.simulator.control('POST', '/_control/faults', { path, accept: false, reply, count: 1 });
    const messageId = await cli.sendText(newOpenid('Sleepy'), '太快了');
    await waitFor(async () => (await sleepOf('custom'))?.cause === 'rate-limit', {
      timeoutMs: 15_000,
      what: 'the lane to sleep',
    });
    await cli.courier('resume', APP);
    expect(await sleepOf('custom')).toBeUndefined();
    await cli.untilState(messageId, 'sent');
  });

  test('an account nobody knows is an error, neither paused nor empty', async () => {
    for (const args of [['pause'], ['resume'], ['queues', '--app']]) {
      const answer = await cli.courier(...args, 'wx0123456789abcdee', '--json');
      expect(answer.code).toBe(1);
      expect(answer.json()).toMatchObject({ error: { code: 'ERR_UNKNOWN_ACCOUNT' } });
      expect(answer.stderr).toContain(APP);
    }
  });

  test('an operator needs no secret, and sees no rate of a lane that never ran', async () => {
    const appId = 'wx00000000000000aa';
    const file = path.join(cli.folder, 'secrets.json');
    await writeFile(file, JSON.stringify({ accounts: [{ appId, secret: '${SECRET_NOT_SET}' }] }));
    const env = { REDIS_URL: cli.redis.url, COURIER_ACCOUNTS_FILE: file };
    for (const args of [['pause', appId], ['resume', appId], ['queues']])
      expect(await cli.courierWith({ args, env })).toMatchObject({ code: 0, stderr: '' });
    const { stdout } = await cli.courierWith({ args: ['queues', '--app', appId], env });
    expect(stdout).toMatch(/custom +0 +0 +0 +0 +0 +no worker/);
  });
});

describe('explain', () => {
  test('says in English and Chinese what 45015 means', async () => {
    const english = await cli.courier('explain', '45015', '--lang', 'en');
    expect(english.stdout).toMatch(/class +window-expired/);
    expect(english.stdout).toMatch(/what to do +Send a template/i);
    const chinese = await cli.courier('explain', '45015', '--lang', 'zh');
    expect(chinese.stdout).toMatch(/怎么办 +.*模板消息/);
    const json = (await cli.courier('explain', '45015', '--lang', 'en', '--json')).json();
    expect(json).toMatchObject({ errcode: 45015, class: 'window-expired' });
    expect(json['meaning']).toBeTypeOf('string');
    expect(json['advice']).toBeTypeOf('string');
  });

  test('takes -1, and knows what it does not know', async () => {
    expect((await cli.courier('explain', '-1', '--json')).json()).toMatchObject({
      class: 'transient',
    });
    expect((await cli.courier('explain', '99999', '--json')).json()).toMatchObject({
      class: 'unknown-code',
    });
  });
});

describe('exit codes', () => {
  test('wrong usage is 2, on stdout one error document with --json', async () => {
    const wrong = [['bogus'], ['explain', 'abc'], ['send'], ['send', 'custom'], []];
    const answers = await Promise.all(wrong.map((args) => cli.courier(...args)));
    expect(answers.map(({ code }) => code)).toEqual(wrong.map(() => 2));
    const answer = await cli.courier('send', 'custom', '--app', APP, '--json');
    expect(answer.json()).toMatchObject({ error: { code: 'ERR_USAGE' } });
    expect(answer.stderr).toContain('--to');
    const stderr = 'ERR_USAGE: Expected a whole number such as 40037 as errcode, got "abc".';
    for (const args of [['explain'], ['dead-letters', 'list', '--errcode']])
      expect(await cli.courier(...args, 'abc')).toMatchObject({ code: 2, stderr });
  });

  test('help and version are 0', async () => {
    expect(await cli.courier('--version')).toMatchObject({ code: 0 });
    const help = await cli.courier('dead-letters', 'redrive', '--help');
    expect(help.code).toBe(0);
    expect(help.stdout).toContain('Examples:');
  });

  test('bad configuration is 78', async () => {
    const args = ['queues'];
    const missing = await cli.courierWith({ args, env: { COURIER_ACCOUNTS_FILE: './none.json' } });
    expect(missing).toMatchObject({ code: 78, stderr: /^ERR_CONFIG: / });
    expect((await cli.courierWith({ args, env: { REDIS_URL: 'http://x' } })).code).toBe(78);
  });

  test('a Redis that is away is 1, soon and with what to do', async () => {
    const answer = await cli.courierWith({
      args: ['queues', '--json'],
      env: { REDIS_URL: 'redis://127.0.0.1:1/0' },
    });
    expect(answer.code).toBe(1);
    expect(answer.json()).toMatchObject({ error: { code: 'ERR_QUEUE_UNAVAILABLE' } });
    expect(answer.stderr).toContain('redis://127.0.0.1:1/0');
    expect(answer.stderr).toMatch(/ECONNREFUSED.*Check REDIS_URL/);
    expect(answer.stderr).not.toContain('same id');
  });

  test('a Redis that refuses the password is 1, with its words and without the password', async () => {
    const url = new URL(cli.redis.url);
    url.password = 'not-the-password';
    const messageId = `${APP}.${'a'.repeat(26)}`;
    for (const args of [['queues'], ['status', messageId], ['dead-letters', 'list']]) {
      const answer = await cli.courierWith({ args, env: { REDIS_URL: url.href } });
      expect(answer.code).toBe(1);
      expect(answer.stderr).toMatch(/^ERR_QUEUE_UNAVAILABLE: .*WRONGPASS.*Check REDIS_URL/);
      expect(answer.stderr).not.toContain('not-the-password');
    }
  });
});

describe('completion', () => {
  const offered = async (...words: string[]) => {
    const { stdout } = await cli.courier('complete', '--', ...words);
    return stdout.split('\n').flatMap((line) => line.split('\t')[0] ?? []);
  };

  test('offers commands, their flags and choices, and the accounts of the file', async () => {
    expect(await offered('dead-letters', 're')).toContain('redrive');
    expect(await offered('dead-letters', 'list', '--re')).toContain('--reason');
    expect(await offered('dead-letters', 'list', '--reason', 'win')).toContain('window-expired');
    expect(await offered('queues', '--app', '')).toContain(APP);
    expect(await offered('pause', '')).toContain(APP);
  });

  test('prints a script that bash can read', async () => {
    const { stdout } = await cli.courier('completion', 'bash');
    expect(spawnSync('bash', ['-n'], { input: stdout }).status).toBe(0);
  });

  test.each(['bash', 'zsh', 'fish'])('prints a script for %s', async (shell) => {
    const { code, stdout } = await cli.courier('completion', shell);
    expect(code).toBe(0);
    expect(stdout).toContain('courier complete');
  });
});

describe('start', () => {
  let empty = '';
  beforeAll(async () => {
    empty = await mkdtemp(path.join(tmpdir(), 'courier-empty-'));
  });
  afterAll(async () => {
    await rm(empty, { recursive: true, force: true });
  });

  test('a role that does not exist is refused, with those that do', async () => {
    const answer = await cli.courier('start', 'callback');
    expect(answer.code).toBe(2);
    expect(answer.stderr).toMatch(
      /^ERR_USAGE: .*all, worker, ingest, dashboard, outbox, simulator/,
    );
  });

  test('without accounts it says what to copy and fill in, and is 78', async () => {
    const answer = await cli.courierWith({ args: ['start'], cwd: empty, env: {} });
    expect(answer.code).toBe(78);
    expect(answer.stderr).toMatch(/^ERR_CONFIG: .*accounts\.example\.json/);
  });

  test('on its own Redis it serves, courier finds it, and it leaves no process', async () => {
    const env = {
      COURIER_METRICS_PORT: '0',
      COURIER_INGEST_PORT: '0',
      COURIER_DASHBOARD_PORT: '0',
    };
    const all = cli.start('dist/cli/main.js', { args: ['start', 'all'], env });
    const ready = await all.ready({ timeoutMs: 30_000 });
    const health = await fetch(`http://127.0.0.1:${String(ready['ingestPort'])}/readyz`);
    expect(health.status).toBe(200);
    // One page for the whole process, with each role once.
    for (const port of [ready['port'], ready['ingestPort']]) {
      const page = await fetch(`http://127.0.0.1:${String(port)}/metrics`);
      const { samples } = parseExposition(await page.text());
      const roles = samples.filter(({ name }) => name === 'courier_build_info');
      expect(roles.map(({ labels }) => labels['role'])).toEqual(['worker', 'ingest', 'dashboard']);
      expect(samples).toContainEqual({ name: 'courier_redis_up', labels: {}, value: 1 });
    }
    const state = path.join(cli.folder, 'data/redis.json');
    const { pid } = JSON.parse(await readFile(state, 'utf8')) as { pid: number };
    const queues = await cli.courierWith({ args: ['queues'], env: {} });
    expect(queues).toMatchObject({ code: 0, stderr: '' });
    expect(await all.stop()).toEqual({ code: 0, signal: null });
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  test('the worker and the simulator are what their own entries are', async () => {
    const worker = cli.start('dist/cli/main.js', { args: ['start', 'worker'] });
    expect(await worker.ready()).toHaveProperty('port');
    expect((await worker.stop()).code).toBe(0);
    const args = ['simulator', '--port', '0', '--latency', '5'];
    const simulator = cli.start('dist/cli/main.js', { args });
    expect(await simulator.ready()).toMatchObject({ role: 'simulator' });
    expect((await simulator.stop('SIGINT')).code).toBe(0);
  });
});
