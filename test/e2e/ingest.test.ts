import { stat } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { waitFor } from '../helpers/wait-for.ts';
import { APP, OPENID, useCli } from './cli-harness.ts';

/* The HTTP API as a process, with keys made on the command line. */

const cli = useCli();

async function startIngest(): Promise<{
  url: string;
  stop: (signal: NodeJS.Signals) => Promise<unknown>;
}> {
  const ingest = cli.start('dist/ingest/main.js', {
    env: { REDIS_URL: cli.redis.url, COURIER_INGEST_PORT: '0' },
  });
  const { port } = JSON.parse(await ingest.line(/"msg":"ready"/)) as { port: number };
  return { url: `http://127.0.0.1:${port}`, stop: (signal) => ingest.stop(signal) };
}

test('a key made with courier works at once, is listed without its secret, and is refused once revoked', async () => {
  const { url, stop } = await startIngest();
  const created = await cli.courier(
    'keys',
    'create',
    '--name',
    'orders',
    '--scopes',
    'send:custom,read',
    '--json',
  );
  const { id, key } = created.json<{ id: string; key: string }>();
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const post = (kind: string) =>
    fetch(`${url}/v1/messages`, {
      method: 'POST',
      headers,
      body: JSON.stringify({
        appId: APP,
        kind,
        id: 'order-1',
        message: { touser: OPENID, msgtype: 'text', text: { content: 'Paid.' } },
      }),
    });
  const answer = await waitFor(async () => {
    const response = await post('custom');
    return response.status === 401 ? null : response;
  });
  expect(answer.status).toBe(202);
  const { messageId } = (await answer.json()) as { messageId: string };
  expect((await post('template')).status).toBe(403);
  const found = await cli.courier('status', messageId, '--json');
  expect(found.json()).toMatchObject({ state: 'queued' });

  const listed = await cli.courier('keys', 'list');
  expect(listed.stdout).toMatch(
    new RegExp(`${id}\\s+orders\\s+send:custom read\\s+all\\s+.*active`),
  );
  const secret = key.slice(-43);
  expect(listed.stdout).not.toContain(secret);
  const file = path.join(cli.folder, 'api-keys.json');
  expect((await stat(file)).mode & 0o777).toBe(0o600);

  expect((await cli.courier('keys', 'revoke', id)).code).toBe(0);
  await waitFor(async () => (await post('custom')).status === 401, { timeoutMs: 5000 });
  expect((await cli.courier('keys', 'revoke', 'nobody')).stderr).toMatch(/^ERR_UNKNOWN_KEY: /);
  expect(await stop('SIGTERM')).toEqual({ code: 0, signal: null });
});

test.each([
  ['a scope that does not exist', ['--name', 'x', '--scopes', 'send:sms'], /--scopes/],
  ['no name', [], /--name/],
  ['an appId that cannot be one', ['--name', 'x', '--app', 'a b'], /--app/],
])('keys create with %s is wrong usage: exit 2', async (_what, flags, said) => {
  const { code, stderr } = await cli.courier('keys', 'create', ...flags);
  expect([code, stderr]).toEqual([2, expect.stringMatching(said)]);
});

test('a keys file that is none is bad configuration: exit 78, one line, without its content', async () => {
  const ingest = cli.start('dist/ingest/main.js', {
    env: {
      REDIS_URL: cli.redis.url,
      COURIER_INGEST_PORT: '0',
      COURIER_API_KEYS_FILE: path.join(cli.folder, 'accounts.json'),
    },
  });
  expect(await ingest.exited).toEqual({ code: 78, signal: null });
  expect(ingest.stderr.join('\n')).toMatch(/^ERR_CONFIG: COURIER_API_KEYS_FILE: expected .*$/);
  expect(ingest.stderr.join('\n')).not.toContain('s3cret');
});

test('without Redis it starts and answers 503; SIGTERM ends it with 0', async () => {
  const ingest = cli.start('dist/ingest/main.js', {
    env: { REDIS_URL: 'redis://127.0.0.1:1/0', COURIER_INGEST_PORT: '0' },
  });
  const { port } = JSON.parse(await ingest.line(/"msg":"ready"/)) as { port: number };
  expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(503);
  expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
  expect(await ingest.stop('SIGTERM')).toEqual({ code: 0, signal: null });
});
