import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';

const MAIN = new URL('../../src/simulator/main.ts', import.meta.url).pathname;

const children: ChildProcess[] = [];
const folders: string[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function run(env: Record<string, string>) {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN], {
    env: { ...process.env, COURIER_SIMULATOR_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (output.stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (output.stderr += String(chunk)));
  return { child, output, closed: once(child, 'close') };
}

function configFile(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'simulator-'));
  folders.push(folder);
  const path = join(folder, 'simulator.json');
  writeFileSync(path, text);
  return path;
}

test.each(['SIGTERM', 'SIGINT'] as const)(
  'it says ready once, serves, and stops on %s',
  async (signal) => {
    const config = configFile(
      JSON.stringify({ accounts: [{ appId: 'wxa', secret: 's' }], settings: { dedupeMs: 30_000 } }),
    );
    const { child, output, closed } = run({
      COURIER_SIMULATOR_CONFIG: config,
      COURIER_SIMULATOR_LATENCY: '1',
    });
    await once(child.stdout, 'data');
    const ready = JSON.parse(output.stdout) as { msg: string; port: number };
    expect(ready).toMatchObject({ msg: 'ready', port: expect.any(Number) });
    const settings = await fetch(`http://127.0.0.1:${ready.port}/_control/settings`);
    expect(await settings.json()).toMatchObject({ latency: 1, dedupeMs: 30_000 });
    child.kill(signal);
    expect(await closed).toEqual([0, null]);
    expect(output.stdout.trim().split('\n')).toHaveLength(1);
    expect(output.stderr).toBe('');
  },
);

test.each([
  ['an unknown option', '{"acounts": []}', 'acounts'],
  ['what is not JSON', '{"secret', 'not valid JSON'],
  ['a wrong setting', '{"settings": {"windowMode": "sideways"}}', 'settings.windowMode'],
])('a file with %s ends it with 78 and one line', async (_what, text, reason) => {
  const { output, closed } = run({ COURIER_SIMULATOR_CONFIG: configFile(text) });
  expect(await closed).toEqual([78, null]);
  expect(output.stdout).toBe('');
  expect(output.stderr).toContain(reason);
  expect(output.stderr.trim().split('\n')).toHaveLength(1);
});

test.each([
  ['a file that is not there', { COURIER_SIMULATOR_CONFIG: '/nowhere/simulator.json' }, 'ENOENT'],
  ['a wrong port', { COURIER_SIMULATOR_PORT: 'http' }, 'port'],
  ['a wrong latency', { COURIER_SIMULATOR_LATENCY: 'fast' }, 'latency'],
])('%s ends it with 78', async (_what, env, reason) => {
  const { output, closed } = run(env);
  expect(await closed).toEqual([78, null]);
  expect(output.stderr).toContain(reason);
});

test('a port that is taken ends it with 1', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const { output, closed } = run({ COURIER_SIMULATOR_PORT: String(port) });
  expect(await closed).toEqual([1, null]);
  expect(output.stderr).toContain('EADDRINUSE');
  other.close();
});
