import { spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { validateEnvelope } from '../../src/shared/message/envelope.ts';
import { ROOT } from '../helpers/process.ts';
import { APP, OPENID, useCli } from './cli-harness.ts';

/* The examples as somebody runs them. A language that is not on this machine is checked as text. */

const cli = useCli();
const CALLERS = path.join(ROOT, 'examples/callers');

const RUNNABLE = [
  { language: 'Python', probe: ['python3', '--version'], run: ['python3', 'paid_order.py'] },
  { language: 'Java', probe: ['javac', '--version'], run: ['java', 'PaidOrder.java'] },
  { language: 'curl', probe: ['curl', '--version'], run: ['sh', 'paid_order.sh'] },
  { language: 'Go', probe: ['go', 'version'], run: ['go', 'run', 'paid_order.go'] },
  { language: 'PHP', probe: ['php', '--ri', 'curl'], run: ['php', 'paid_order.php'] },
] as const;

function isHere([command, ...args]: readonly string[]): boolean {
  return spawnSync(command ?? '', args, { stdio: 'ignore' }).status === 0;
}

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(
  [command = '', ...args]: readonly string[],
  env: Readonly<Record<string, string>>,
  cwd = CALLERS,
): Promise<Ran> {
  const child = spawn(command, args, { cwd, env: { PATH: process.env['PATH'], ...env } });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stdout, stderr };
}

let url = '';
let key = '';
beforeAll(async () => {
  const created = await cli.courier('keys', 'create', '--name', 'examples', '--json');
  ({ key } = created.json<{ key: string }>());
  const ingest = cli.start('dist/ingest/main.js', {
    env: { REDIS_URL: cli.redis.url, COURIER_INGEST_PORT: '0' },
  });
  const { port } = JSON.parse(await ingest.line(/"msg":"ready"/)) as { port: number };
  url = `http://127.0.0.1:${port}`;
});

/** The API behind a door that answers the first calls with 503, or drops them. */
async function stubbornDoor(): Promise<{ url: string; calls: () => number; close: () => void }> {
  let calls = 0;
  const server = createServer((request, response) => {
    calls += 1;
    if (calls === 1) return response.writeHead(503, { 'retry-after': '1' }).end('{}');
    if (calls === 2) return request.socket.destroy();
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const headers = {
        authorization: String(request.headers.authorization),
        'content-type': String(request.headers['content-type']),
      };
      void fetch(`${url}${request.url}`, {
        method: 'POST',
        headers,
        body: Buffer.concat(chunks),
      }).then(async (answer) => response.writeHead(answer.status).end(await answer.text()));
    });
    return undefined;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, calls: () => calls, close: () => server.close() };
}

describe.each(RUNNABLE)('the caller in $language', ({ language, probe, run: command }) => {
  const order = `1001${language}`;

  test.runIf(isHere(probe))(
    'sends once, repeats after 503 and a lost answer, and is a duplicate the next time',
    async () => {
      const door = await stubbornDoor();
      try {
        const first = await run([...command, order, OPENID], {
          COURIER_URL: door.url,
          COURIER_KEY: key,
        });
        expect([first.stderr.includes('Error'), first.code]).toEqual([false, 0]);
        expect(first.stdout).toMatch(/queued/);
        expect(first.stdout).toContain(`${APP}.`);
        expect(door.calls()).toBe(3);
      } finally {
        door.close();
      }
      const env = { COURIER_URL: url, COURIER_KEY: key };
      expect((await run([...command, order, OPENID], env)).stdout).toMatch(/duplicate/);
      const wrong = await run([...command, order, 'not an openid'], env);
      expect(wrong.code).not.toBe(0);
      expect(wrong.stdout + wrong.stderr).toContain('ERR_INVALID_MESSAGE');
    },
    60_000,
  );

  test.skipIf(isHere(probe))(`is checked as text, since ${language} is not here`, () => {
    const file = command.at(-1) ?? '';
    const source = readFileSync(path.join(CALLERS, file), 'utf8');
    const [text = ''] = /\{\n {2}"appId"[^]*?\n\}/.exec(source) ?? [];
    const filled = text
      .replaceAll(/%\[?[13]\]?(?:\$)?s/g, '1001')
      .replaceAll(/%\[?2\]?(?:\$)?s/g, OPENID);
    expect(validateEnvelope(JSON.parse(filled), Date.now())).toMatchObject({ ok: true });
    expect(source).toContain('/v1/messages');
    expect(source).toMatch(/[Rr]etry-[Aa]fter/);
    expect(source).toContain('Bearer ');
  });
});

test('the paid order in TypeScript tells its customer', async () => {
  const worker = await cli.startWorker();
  const { code, stdout } = await run(
    [
      process.execPath,
      '--import',
      'tsx',
      path.join(ROOT, 'examples/paid-order.ts'),
      '2001',
      OPENID,
    ],
    { REDIS_URL: cli.redis.url, COURIER_ACCOUNTS_FILE: path.join(cli.folder, 'accounts.json') },
    ROOT,
  );
  expect([code, stdout]).toEqual([0, expect.stringMatching(/: told\n$/)]);
  await worker.stop();
});
