import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPrivateRedis } from '../../src/local/private-redis.ts';
import { startTestRedis, useRedis } from '../helpers/redis.ts';
import { waitFor } from '../helpers/wait-for.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'courier-house-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('a running private Redis', () => {
  const redis = useRedis();

  it('loses no message to memory pressure and writes everything to disk', async () => {
    expect(await redis.client.config('GET', 'maxmemory-policy')).toContain('noeviction');
    expect(await redis.client.config('GET', 'appendonly')).toContain('yes');
    expect(await redis.client.config('GET', 'appendfsync')).toContain('everysec');
    expect(await redis.client.config('GET', 'bind')).toContain('127.0.0.1');
  });

  it('asks for its password and does not show it to other users', async () => {
    const { port, dir: folder, pid, url } = redis.server;
    const stranger = new Redis({ port, host: '127.0.0.1', retryStrategy: () => null });
    stranger.on('error', () => undefined);
    await expect(stranger.set('a', '1')).rejects.toThrow('NOAUTH');
    stranger.disconnect();
    const stateFile = path.join(folder, 'redis.json');
    expect((await stat(stateFile)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(stateFile, 'utf8'))).toMatchObject({ url, pid });
  });

  it.runIf(process.platform === 'linux')('keeps its password off the command line', async () => {
    const commandLine = await readFile(`/proc/${redis.server.pid}/cmdline`, 'utf8');
    expect(commandLine).toContain('redis-server');
    expect(commandLine).not.toContain(new URL(redis.url).password);
  });

  it('refuses a second server in its folder', async () => {
    await expect(startPrivateRedis({ dir: redis.server.dir })).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      message: expect.stringContaining('in use'),
    });
  });
});

describe('stopping and starting again', () => {
  it('keeps the data, and leaves no process and no address behind', async () => {
    const folder = path.join(dir, 'kept');
    const first = await startPrivateRedis({ dir: folder });
    const writer = new Redis(first.url);
    await writer.set('order', '1001');
    writer.disconnect();
    await first.stop();
    expect(isAlive(first.pid)).toBe(false);
    expect(existsSync(path.join(folder, 'redis.json'))).toBe(false);

    const second = await startPrivateRedis({ dir: folder });
    const reader = new Redis(second.url);
    expect(await reader.get('order')).toBe('1001');
    reader.disconnect();
    await second.stop();
  });

  it('removes a folder that was not meant to stay', async () => {
    const server = await startTestRedis();
    await server.stop();
    await server.stop();
    expect(existsSync(server.dir)).toBe(false);
  });
});

describe('a folder whose Redis outlived its owner', () => {
  it('is taken over: the orphan stops before the next server opens its files', async () => {
    const folder = path.join(dir, 'outlived');
    const orphan = await startPrivateRedis({ dir: folder });
    const writer = new Redis(orphan.url);
    await writer.set('order', '1001');
    writer.disconnect();
    const { url, pid } = orphan;
    const owner = spawnSync(process.execPath, ['--version']).pid;
    await writeFile(path.join(folder, 'redis.json'), JSON.stringify({ url, pid, owner }));

    const next = await startPrivateRedis({ dir: folder });
    await orphan.exited;
    const reader = new Redis(next.url);
    expect(await reader.get('order')).toBe('1001');
    reader.disconnect();
    await next.stop();
  });
});

describe('a start that cannot work', () => {
  it('says what Redis said about a directive it does not know', async () => {
    const starting = startTestRedis({ directives: { 'no-such-directive': '1' } });
    await expect(starting).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      message: expect.stringMatching(/no-such-directive[^]*REDIS_URL/),
    });
  });

  it('says what to do when there is no redis-server', async () => {
    const starting = startTestRedis({ binary: '/nowhere/redis-server' });
    await expect(starting).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      message: expect.stringMatching(/\/nowhere\/redis-server[^]*REDIS_SERVER_BIN/),
    });
  });

  it('never takes the server of somebody else on its port for its own', async () => {
    const stranger = createServer().listen(0, '127.0.0.1');
    await once(stranger, 'listening');
    const { port } = stranger.address() as AddressInfo;
    await expect(startTestRedis({ port })).rejects.toMatchObject({
      message: expect.stringMatching(/address already in use/i),
    });
    stranger.close();
  });
});

describe('a parent that is killed', () => {
  it.runIf(existsSync('/usr/bin/setpriv'))('takes its Redis with it', async () => {
    const folder = path.join(dir, 'orphan');
    const code =
      `import { startPrivateRedis } from './src/local/private-redis.ts';` +
      `await startPrivateRedis({ dir: ${JSON.stringify(folder)} }); console.log('up');`;
    const parent = spawn(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '--eval', code],
      { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await once(parent.stdout, 'data');
    const { pid } = JSON.parse(await readFile(path.join(folder, 'redis.json'), 'utf8')) as {
      pid: number;
    };
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await waitFor(() => !isAlive(pid), { what: 'Redis to follow its parent' });

    const next = await startPrivateRedis({ dir: folder });
    await next.stop();
  });
});
