import { randomBytes } from 'node:crypto';
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Redis } from 'ioredis';
import { CourierError, messageOf } from '../shared/errors.ts';
import { freePort } from './free-port.ts';

export interface PrivateRedisOptions {
  /** Where the data lives; created if missing. One server at a time per folder. */
  readonly dir: string;
  /** Default: any free port. */
  readonly port?: number;
  /** Keep the folder after `stop`. Default true; false removes it with everything in it. */
  readonly persistent?: boolean;
  /** The server to run. Default: `REDIS_SERVER_BIN`, then `redis-server` on the PATH. */
  readonly binary?: string;
  /** Default true. */
  readonly appendonly?: boolean;
  /** Default `noeviction`: anything else would let Redis drop messages. */
  readonly maxmemoryPolicy?: string;
  /** More lines of redis.conf, by directive. */
  readonly directives?: Readonly<Record<string, string>>;
}

export interface PrivateRedis {
  /** With the password; also in `<dir>/redis.json`, readable by the owner only. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly dir: string;
  /** Resolves when the server is gone, by `stop` or by itself, with how it ended. */
  readonly exited: Promise<string>;
  /** Stops the server, its data on disk, and waits for it to be gone. */
  stop(): Promise<void>;
}

const PORT_ATTEMPTS = 3;
const LOG_LINES_KEPT = 20;
/** A server that hangs is killed; its append-only file is then at most a second behind. */
const STOP_DEADLINE_MS = 10_000;

/**
 * Starts a real redis-server of our own: on loopback, with a random password, with its data in
 * `dir`, and gone when this process is gone.
 */
export async function startPrivateRedis(options: PrivateRedisOptions): Promise<PrivateRedis> {
  const dir = path.resolve(options.dir);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await claimFolder(dir);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await launch({ ...options, dir }, options.port ?? (await freePort()));
    } catch (error) {
      // Someone else may take a free port between our asking for it and Redis binding it.
      const portTaken = /address already in use/i.test(messageOf(error));
      if (!portTaken || options.port !== undefined || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

async function launch(options: PrivateRedisOptions, port: number): Promise<PrivateRedis> {
  const { dir } = options;
  const password = randomBytes(24).toString('hex');
  const url = `redis://:${password}@127.0.0.1:${port}/0`;
  const server = spawnServer(options.binary ?? process.env['REDIS_SERVER_BIN'] ?? 'redis-server');
  server.child.stdin?.end(configText(options, port, password));
  try {
    await Promise.race([server.ready, server.exited.then((end) => Promise.reject(died(end)))]);
    await verifyOurs(url, server.pid);
    await writeFile(stateFile(dir), JSON.stringify({ url, pid: server.pid, owner: process.pid }), {
      mode: 0o600,
    });
  } catch (error) {
    await server.terminate();
    throw error;
  }
  return {
    url,
    port,
    pid: server.pid,
    dir,
    exited: server.exited,
    async stop() {
      await server.terminate();
      await rm(options.persistent === false ? dir : stateFile(dir), {
        recursive: true,
        force: true,
      });
    },
  };
}

function configText(options: PrivateRedisOptions, port: number, password: string): string {
  const directives: Record<string, string> = {
    bind: '127.0.0.1',
    port: String(port),
    requirepass: password,
    dir: JSON.stringify(options.dir),
    daemonize: 'no',
    logfile: '""',
    loglevel: 'notice',
    save: '""',
    appendonly: options.appendonly === false ? 'no' : 'yes',
    appendfsync: 'everysec',
    'maxmemory-policy': options.maxmemoryPolicy ?? 'noeviction',
    ...options.directives,
  };
  return Object.entries(directives)
    .map(([name, value]) => `${name} ${value}\n`)
    .join('');
}

interface Server {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Resolves when the server says that it accepts connections. */
  readonly ready: Promise<void>;
  /** Resolves with how it ended and its last words. */
  readonly exited: Promise<string>;
  terminate(): Promise<void>;
}

function spawnServer(binary: string): Server {
  // A process group of its own: Ctrl-C must reach the workers first, and they need Redis to
  // settle what they have in flight.
  const [command, args] = boundToUs(binary, ['-']);
  const child = spawn(command, args, {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], LANG: 'C' },
  });
  const log: string[] = [];
  const ready = new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        log.push(line);
        if (log.length > LOG_LINES_KEPT) log.shift();
        if (line.includes('Ready to accept connections')) resolve();
      });
    }
  });
  const killAtExit = () => child.kill('SIGTERM');
  process.once('exit', killAtExit);
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('close', (code, signal) =>
      resolve(`ended with ${signal ?? code}\n${log.join('\n')}`),
    );
  }).finally(() => process.off('exit', killAtExit));
  // A server that dies before it has read its configuration is reported through `exited`.
  child.stdin.on('error', () => undefined);
  return {
    child,
    pid: child.pid ?? 0,
    ready,
    exited,
    async terminate() {
      child.kill('SIGTERM');
      const force = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
      await exited;
      clearTimeout(force);
    },
  };
}

/** On Linux the kernel tells Redis when we die, however we die (util-linux). */
export function boundToUs(binary: string, args: string[]): [string, string[]] {
  const setpriv = '/usr/bin/setpriv';
  if (!existsSync(setpriv)) return [binary, args];
  return [setpriv, ['--pdeathsig', 'TERM', '--', binary, ...args]];
}

function died(end: string): CourierError {
  return new CourierError(
    'ERR_CONFIG',
    `The private Redis did not start: ${end.trim()}\n` +
      'Expected a redis-server 6.2 or later on the PATH or in REDIS_SERVER_BIN; ' +
      'or set REDIS_URL to use a Redis that is already there.',
  );
}

/** The server that answers must be our child, not one that had the port before. */
async function verifyOurs(url: string, pid: number): Promise<void> {
  const found = await serverPid(url);
  if (found === pid) return;
  throw new CourierError(
    'ERR_CONFIG',
    `The private Redis is not ours: expected process ${pid} to answer, but ${found} did. ` +
      'Choose another port, or leave the port out.',
  );
}

/** The process id of the Redis at `url`, as it says itself. */
async function serverPid(url: string): Promise<number> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.ping();
    const info = await client.info('server');
    return Number(/process_id:(\d+)/.exec(info)?.[1]);
  } finally {
    client.disconnect();
  }
}

/** Two servers on one append-only file would ruin it: stop an orphan, refuse a living one. */
async function claimFolder(dir: string): Promise<void> {
  const left = await readState(dir);
  if (!left || (await serverPid(left.url).catch(() => 0)) !== left.pid) return;
  if (isAlive(left.owner)) {
    throw new CourierError(
      'ERR_CONFIG',
      `The folder ${dir} is in use by the Redis of process ${left.owner}. ` +
        'Stop that process first, or choose another folder.',
    );
  }
  process.kill(left.pid, 'SIGTERM');
  while (isAlive(left.pid)) await new Promise((resolve) => setTimeout(resolve, 20));
}

interface State {
  readonly url: string;
  readonly pid: number;
  readonly owner: number;
}

async function readState(dir: string): Promise<State | null> {
  try {
    return JSON.parse(await readFile(stateFile(dir), 'utf8')) as State;
  } catch {
    return null;
  }
}

function stateFile(dir: string): string {
  return path.join(dir, 'redis.json');
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
