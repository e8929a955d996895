import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DemoLine } from '../../src/local/demo/reckoning.ts';
import { type RunningProcess, useProcesses } from '../helpers/processes.ts';
import { waitFor } from '../helpers/wait-for.ts';

const processes = useProcesses();
let temporary = '';
beforeAll(async () => {
  temporary = await mkdtemp(path.join(tmpdir(), 'courier-demo-test-'));
});
afterAll(async () => {
  await rm(temporary, { recursive: true, force: true });
});

function startDemo(...args: string[]): RunningProcess {
  return processes.start('dist/local/demo.js', { args, env: { TMPDIR: temporary } });
}

/** The processes the demo says it has started. */
async function childrenOf(demo: RunningProcess): Promise<number[]> {
  const line = await demo.line(/\(process \d+\)/, { timeoutMs: 60_000 });
  return [...line.matchAll(/process (\d+)/g)].map(([, pid]) => Number(pid));
}

function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}

async function expectNothingLeft(children: readonly number[]): Promise<void> {
  await waitFor(() => !children.some(isAlive), { what: 'the demo’s processes to be gone' });
  expect(readdirSync(temporary)).toEqual([]);
}

test('a thousand messages through all that trouble: nothing lost, nothing doubled', async () => {
  const demo = startDemo();
  const children = await childrenOf(demo);
  expect(children).toHaveLength(4);
  expect(await demo.exited).toEqual({ code: 0, signal: null });
  const line = JSON.parse(demo.stdout.at(-1) ?? '') as DemoLine;
  expect(line).toMatchObject({ enqueued: 1000, unknown: 0, lost: 0, duplicates: 0 });
  expect(line.sent + line.deadLettered).toBe(1000);
  expect(Object.values(line.deadBy).reduce((sum, count) => sum + count, 0)).toBe(line.deadLettered);
  const causes = ['40003', '43004', '43019', '45015', '45047', '47003', '48002'];
  expect(Object.keys(line.deadBy).toSorted()).toEqual(causes);
  expect(line.tokenFetches).toBeGreaterThan(1);
  expect(demo.stdout.join('\n')).toMatch(/repeated calls +200, answered "duplicate": 200/);
  await expectNothingLeft(children);
});

test('Ctrl-C in the middle leaves no process and no file', async () => {
  const demo = startDemo();
  const children = await childrenOf(demo);
  expect(await demo.stop('SIGINT')).toEqual({ code: 1, signal: null });
  expect(demo.stderr.at(-1)).toContain('interrupted');
  await expectNothingLeft(children);
});

test('kept, it says where to look and what for, and leaves nothing after Ctrl-C', async () => {
  const demo = startDemo('--keep');
  const children = await childrenOf(demo);
  const line = await demo.line(/user ann, password/, { timeoutMs: 60_000 });
  const [, url = '', password = ''] = /(http:\S+) +user ann, password (\S+)/.exec(line) ?? [];
  const authorization = `Basic ${Buffer.from(`ann:${password}`).toString('base64')}`;
  const page = await fetch(`${url}/dead-letters`, { headers: { authorization } });
  expect(page.status).toBe(200);
  expect(await page.text()).toContain('45015');
  await demo.line(/explain 45015/);
  const [, envFile = ''] = /^ +\. (\S+\/env\.sh)$/m.exec(demo.stdout.join('\n')) ?? [];
  const users = spawnSync('sh', ['-c', `. ${envFile} && node dist/cli/main.js users list`], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] },
  });
  expect(users.stdout).toMatch(/^ann +operator .*\n\nThey are in \S+\/dashboard-users\.json\.$/m);
  const [, order = '', id = ''] =
    /^Search for +(\w+), the number of an order, or (\w+-\w+),/m.exec(demo.stdout.join('\n')) ?? [];
  expect(id).toMatch(/^SO\d+-(?:paid|shipped|refunded)$/);
  const search = await fetch(`${url}/message?q=${order}`, { headers: { authorization } });
  expect(await search.text()).toContain(id);
  const metrics = [...demo.stdout.join('\n').matchAll(/(http:\S+\/metrics) +(.+)$/gm)];
  expect(metrics.map(([, , name]) => name)).toEqual(['worker 1', 'worker 2', 'dashboard']);
  for (const [, at = ''] of metrics)
    expect(await (await fetch(at)).text()).toContain('courier_build_info');
  expect(await demo.stop('SIGINT')).toEqual({ code: 0, signal: null });
  await expectNothingLeft(children);
  await expect(fetch(url)).rejects.toThrow('fetch failed');
});

test('killed outright it takes its processes along', async () => {
  const demo = startDemo();
  const children = await childrenOf(demo);
  expect(await demo.stop('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' });
  await waitFor(() => !children.some(isAlive), {
    timeoutMs: 20_000,
    what: 'the orphans to be gone',
  });
});

test('a flag nobody knows is 2, with the flags there are', async () => {
  const demo = startDemo('--kepe');
  expect(await demo.exited).toEqual({ code: 2, signal: null });
  expect(demo.stderr.join('\n')).toContain('--keep');
});
