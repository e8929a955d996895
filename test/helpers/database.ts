import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import mysql, { type RowDataPacket } from 'mysql2/promise';
import pg from 'pg';
import { freePort } from '../../src/local/free-port.ts';
import { boundToUs } from '../../src/local/private-redis.ts';
import { waitFor } from './wait-for.ts';

export type Values = readonly (string | number | null)[];

/** A connection of a caller, as its order service has one. */
export interface DatabaseSession {
  query(sql: string, values?: Values): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

/** A real database server of a test's own, with an empty database. */
export interface TestDatabase {
  readonly url: string;
  start(): Promise<void>;
  /** SIGKILL to the server and all it started, as the kernel does when memory ends. */
  kill(): Promise<void>;
  connect(): Promise<DatabaseSession>;
  remove(): Promise<void>;
}

interface Engine {
  /** Makes an empty data folder. */
  init(dir: string): readonly [string, readonly string[]];
  serve(dir: string, port: number): readonly [string, readonly string[]];
  url(port: number): string;
  connect(url: string): Promise<DatabaseSession>;
}

/** Neither server runs as root. */
const NOBODY = 65_534;

/** A PostgreSQL of the programs in POSTGRES_BIN, or of Debian's. */
export const postgres: Engine = {
  init: (dir) => [
    path.join(postgresBin(), 'initdb'),
    ['-D', dir, '-U', 'courier', '-A', 'trust', '-N', '-E', 'UTF8', '--locale=C'],
  ],
  serve: (dir, port) => [
    path.join(postgresBin(), 'postgres'),
    ['-D', dir, '-p', String(port), '-h', '127.0.0.1', '-k', dir, '-c', 'max_connections=40'],
  ],
  url: (port) => `postgresql://courier@127.0.0.1:${port}/postgres`,
  async connect(url) {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    await client.connect();
    return {
      async query(sql, values = []) {
        const result = await client.query<Record<string, unknown>>(sql, [...values]);
        return result.rows ?? [];
      },
      close: () => client.end(),
    };
  },
};

/** A MariaDB, where one is installed: see {@link hasMariadb}. */
export const mariadb: Engine = {
  init: (dir) => [
    'mariadb-install-db',
    [`--datadir=${dir}`, '--auth-root-authentication-method=normal', '--skip-test-db'],
  ],
  serve: (dir, port) => [
    '/usr/sbin/mariadbd',
    [
      '--no-defaults',
      `--datadir=${dir}`,
      `--socket=${dir}/socket`,
      `--pid-file=${dir}/pid`,
      '--bind-address=127.0.0.1',
      `--port=${port}`,
      '--skip-grant-tables',
      '--skip-networking=0',
    ],
  ],
  url: (port) => `mysql://root@127.0.0.1:${port}/mysql`,
  async connect(url) {
    const connection = await mysql.createConnection({ uri: url, multipleStatements: true });
    connection.on('error', () => undefined);
    return {
      async query(sql, values = []) {
        const [rows] = await connection.query<RowDataPacket[]>(sql, [...values]);
        return Array.isArray(rows) ? rows : [];
      },
      close: () => connection.end(),
    };
  },
};

export function hasMariadb(): boolean {
  return existsSync('/usr/sbin/mariadbd');
}

function postgresBin(): string {
  const { POSTGRES_BIN } = process.env;
  if (POSTGRES_BIN) return POSTGRES_BIN;
  const [newest] = readdirSync('/usr/lib/postgresql').sort((a, b) => Number(b) - Number(a));
  return `/usr/lib/postgresql/${newest}/bin`;
}

/** Makes the server's data; nothing runs before `start`. */
export async function createDatabase(engine: Engine): Promise<TestDatabase> {
  const dir = await mkdtemp(path.join(tmpdir(), 'courier-db-'));
  const asRoot = process.getuid?.() === 0;
  const who = asRoot ? { uid: NOBODY, gid: NOBODY } : {};
  if (asRoot) await chown(dir, NOBODY, NOBODY);
  const env = { PATH: process.env['PATH'], LANG: 'C', HOME: dir };
  const [init, initArgs] = engine.init(dir);
  const made = spawnSync(init, initArgs, { ...who, env, encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`${init}: ${made.stderr || String(made.error)}`);
  const port = await freePort();
  const url = engine.url(port);
  let server: ChildProcess | undefined;
  const killGroup = () => {
    try {
      if (server?.pid !== undefined) process.kill(-server.pid, 'SIGKILL');
    } catch {
      // It is gone already.
    }
  };

  return {
    url,
    async start() {
      const [command, args] = engine.serve(dir, port);
      const [bound, boundArgs] = boundToUs(command, [...args]);
      server = spawn(bound, boundArgs, { ...who, env, stdio: 'ignore', detached: true });
      process.once('exit', killGroup);
      await waitFor(
        async () => {
          const session = await engine.connect(url);
          await session.query('SELECT 1');
          await session.close();
          return true;
        },
        { timeoutMs: 30_000, intervalMs: 100, what: `${command} to answer` },
      );
    },
    kill,
    connect: () => engine.connect(url),
    async remove() {
      if (server) await kill();
      await rm(dir, { recursive: true, force: true });
    },
  };

  async function kill(): Promise<void> {
    const ended = server && new Promise((resolve) => server?.once('exit', resolve));
    killGroup();
    process.off('exit', killGroup);
    await ended;
    server = undefined;
    // PostgreSQL believes a file of its last run when the number was given out again.
    rmSync(path.join(dir, 'postmaster.pid'), { force: true });
  }
}
