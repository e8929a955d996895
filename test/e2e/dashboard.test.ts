import { spawn, spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';
import { isPasswordOf } from '../../src/dashboard/users/user.ts';
import { readUsers } from '../../src/dashboard/users/users-file.ts';
import { waitFor } from '../helpers/wait-for.ts';
import { APP, useCli } from './cli-harness.ts';

const cli = useCli();

/** `courier` with something on its stdin. */
function courierReading(input: string, ...args: string[]) {
  const entry = path.resolve('dist/cli/main.js');
  return spawnSync(process.execPath, [entry, ...args], {
    cwd: cli.folder,
    input,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], REDIS_URL: cli.redis.url },
  });
}

/** `courier` on a terminal, and a person who answers what it asks for. */
async function courierAsking(answers: readonly [RegExp, string][], ...args: string[]) {
  const command = [process.execPath, path.resolve('dist/cli/main.js'), ...args].join(' ');
  const terminal = spawn('script', ['-qec', command, '/dev/null'], {
    cwd: cli.folder,
    env: { PATH: process.env['PATH'], REDIS_URL: cli.redis.url, SHELL: '/bin/sh' },
  });
  const ended = new Promise((resolve) => terminal.once('close', resolve));
  let screen = '';
  terminal.stdout.setEncoding('utf8').on('data', (text: string) => (screen += text));
  for (const [prompt, answer] of answers) {
    await waitFor(() => prompt.test(screen), { what: `${prompt}, on a screen of ${screen}` });
    terminal.stdin.write(answer);
  }
  return { status: await ended, screen };
}

test('without users it refuses to listen beyond loopback: 78, one line that says what to do', async () => {
  const env = { REDIS_URL: cli.redis.url, COURIER_HOST: '0.0.0.0', COURIER_DASHBOARD_PORT: '0' };
  const run = cli.start('dist/dashboard/main.js', { env });
  expect(await run.exited).toEqual({ code: 78, signal: null });
  expect(run.stderr).toHaveLength(1);
  expect(run.stderr[0]).toMatch(/^ERR_CONFIG: .*courier users add/);
});

test('a user of courier users add logs in, is listed without a password, and is out once removed', async () => {
  const password = 'correct horse battery';
  const short = courierReading(
    'short\n',
    'users',
    'add',
    'li.na',
    '--role',
    'operator',
    '--password-stdin',
  );
  expect([short.status, short.stderr]).toEqual([
    2,
    expect.stringMatching(/12 to 256 characters, got 5/),
  ]);
  const added = courierReading(
    `${password}\n`,
    'users',
    'add',
    'li.na',
    '--role',
    'operator',
    '--password-stdin',
    '--json',
  );
  expect([added.status, JSON.parse(added.stdout)]).toEqual([
    0,
    { name: 'li.na', role: 'operator' },
  ]);
  const twice = courierReading(
    `${password}\n`,
    'users',
    'add',
    'li.na',
    '--role',
    'viewer',
    '--password-stdin',
  );
  expect([twice.status, twice.stderr]).toEqual([1, expect.stringMatching(/^ERR_USER_EXISTS: /)]);
  const list = await cli.courier('users', 'list', '--json');
  expect(list.json()).toEqual({
    users: [{ name: 'li.na', role: 'operator', createdAt: expect.any(String) }],
  });

  const env = {
    REDIS_URL: cli.redis.url,
    COURIER_DASHBOARD_PORT: '0',
    COURIER_METRICS_PORT: '0',
  };
  const dashboard = cli.start('dist/dashboard/main.js', { env });
  const { port } = await dashboard.ready({ timeoutMs: 15_000 });
  const authorization = `Basic ${Buffer.from(`li.na:${password}`).toString('base64')}`;
  const look = () => fetch(`http://127.0.0.1:${Number(port)}/`, { headers: { authorization } });
  expect(await (await look()).text()).toContain(APP);
  expect((await cli.courier('users', 'remove', 'li.na')).code).toBe(0);
  await expect.poll(async () => (await look()).status, { timeout: 5000 }).toBe(401);
  expect((await cli.courier('users', 'remove', 'li.na')).code).toBe(1);
  expect(await dashboard.stop('SIGTERM')).toEqual({ code: 0, signal: null });
  expect([...dashboard.stdout, ...dashboard.stderr].join('\n')).not.toContain(password);
});

test('on a terminal the password is asked for twice and not shown', async () => {
  const password = 'correct horse 电池 battery';
  const add = ['users', 'add', 'wang.wei', '--role', 'viewer'];
  const typos = await courierAsking(
    [
      [/Password: $/, `${password}\r`],
      [/again: $/, `${password}!\r`],
    ],
    ...add,
  );
  expect(typos).toEqual({ status: 2, screen: expect.stringContaining('two that differ') });
  const usersFile = path.join(cli.folder, 'dashboard-users.json');
  expect(readUsers(usersFile)).toEqual([]);
  expect((await cli.courier('users', 'list')).stdout).toContain(`No users in ${usersFile}.`);

  const added = await courierAsking(
    [
      [/Password: $/, `${password}X\u007f\r`],
      [/again: $/, `${password}\r`],
    ],
    ...add,
  );
  expect(added).toEqual({
    status: 0,
    screen: expect.stringContaining(`may log in as viewer. Written to ${usersFile}.`),
  });
  expect(typos.screen + added.screen).not.toMatch(/horse|battery/);
  const [user] = readUsers(usersFile);
  expect([user?.name, user && (await isPasswordOf(user, password))]).toEqual(['wang.wei', true]);
});

test('Ctrl-C at the question ends it, and nobody is added', async () => {
  const left = await courierAsking(
    [[/Password: $/, 'correct horse\u0003']],
    'users',
    'add',
    'zhao.min',
    '--role',
    'viewer',
  );
  expect(left.status).toBe(130);
  expect((await cli.courier('users', 'list')).stdout).not.toContain('zhao.min');
});

test('without a terminal and without --password-stdin it says what it needs', async () => {
  const refused = courierReading(
    'correct horse battery\n',
    'users',
    'add',
    'a',
    '--role',
    'viewer',
  );
  expect([refused.status, refused.stderr]).toEqual([
    2,
    expect.stringMatching(/^ERR_USAGE: Expected a terminal .* --password-stdin/),
  ]);
});
