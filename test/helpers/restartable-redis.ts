import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../../src/local/free-port.ts';
import { boundToUs } from '../../src/local/private-redis.ts';

/**
 * A redis-server on a port that stays the same while it is killed, stopped and started. Killed or
 * not, it keeps what it acknowledged, and never waits for the disk: without `fsync` each write is
 * the kernel's before its answer. With `everysec` writes wait in Redis' own memory while the disk
 * is busy, and die with it: row 26 of docs/reliability.md.
 */
export interface RestartableRedis {
  readonly url: string;
  start(): Promise<void>;
  /** SIGTERM: it writes everything down first. SIGKILL: it does not. */
  end(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Its connections stay open and nothing is answered: a black hole. */
  freeze(): void;
  thaw(): void;
  /** Ends it and removes its data. */
  remove(): Promise<void>;
}

export async function createRestartableRedis(
  directives: Readonly<Record<string, string>> = {},
): Promise<RestartableRedis> {
  const dir = await mkdtemp(path.join(tmpdir(), 'courier-restartable-'));
  const port = await freePort();
  const settings = {
    bind: '127.0.0.1',
    port: String(port),
    dir,
    save: '',
    appendonly: 'yes',
    appendfsync: 'no',
    'maxmemory-policy': 'noeviction',
    ...directives,
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  let child: ChildProcess | undefined;
  const removeAtExit = (): void => {
    child?.kill('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  };
  process.once('exit', removeAtExit);

  async function end(signal: NodeJS.Signals): Promise<void> {
    const ending = child;
    child = undefined;
    if (!ending) return;
    const closed = once(ending, 'close');
    ending.kill('SIGCONT');
    ending.kill(signal);
    await closed;
  }

  return {
    url: `redis://127.0.0.1:${port}/0`,
    async start() {
      const binary = process.env['REDIS_SERVER_BIN'] ?? 'redis-server';
      const [command, bound] = boundToUs(binary, args);
      const started = spawn(command, bound, { stdio: ['ignore', 'pipe', 'ignore'] });
      child = started;
      await new Promise<void>((resolve, reject) => {
        createInterface({ input: started.stdout }).on('line', (line) => {
          if (line.includes('Ready to accept connections')) resolve();
        });
        started.once('close', (code) => reject(new Error(`redis-server ended with ${code}`)));
        started.once('error', reject);
      });
    },
    end: (signal = 'SIGTERM') => end(signal),
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    async remove() {
      await end('SIGKILL');
      process.off('exit', removeAtExit);
      await rm(dir, { recursive: true, force: true });
    },
  };
}
