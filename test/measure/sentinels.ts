import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from '../../src/local/free-port.ts';
import { boundToUs } from '../../src/local/private-redis.ts';
import { waitFor } from '../helpers/wait-for.ts';

const NAME = 'courier';
const SENTINELS = 3;
const QUORUM = 2;
/** How long a silent primary is believed to be alive. */
const DOWN_AFTER_MS = 3000;

/** A primary, a replica and three Sentinels on loopback. */
export interface SentinelGroup {
  readonly url: string;
  /** The port that Sentinel names as primary. */
  primary(): Promise<number>;
  /** SIGKILL or SIGSTOP of the node at this port. */
  strike(port: number, signal: 'SIGKILL' | 'SIGSTOP'): Promise<void>;
  /** Brings it back; resolves once it follows the primary and has all that the primary has. */
  rejoin(port: number): Promise<void>;
  remove(): Promise<void>;
}

export async function startSentinelGroup(): Promise<SentinelGroup> {
  const dir = await mkdtemp(path.join(tmpdir(), 'courier-sentinel-'));
  const nodes = new Map<number, ChildProcess>();
  const sentinels: ChildProcess[] = [];
  const ports: number[] = [];

  async function launchNode(port: number, primary?: number): Promise<void> {
    const home = path.join(dir, String(port));
    await mkdir(home, { recursive: true });
    const file = path.join(home, 'redis.conf');
    const lines = [
      'bind 127.0.0.1',
      `port ${port}`,
      `dir ${home}`,
      'save ""',
      'appendonly yes',
      'appendfsync everysec',
      'maxmemory-policy noeviction',
      'repl-diskless-sync-delay 0',
      ...(primary === undefined ? [] : [`replicaof 127.0.0.1 ${primary}`]),
    ];
    // A file, because Sentinel makes the node write its new role down.
    await writeFile(file, `${lines.join('\n')}\n`);
    nodes.set(port, launch([file]));
    await ask(port, (client) => client.ping());
  }

  const first = await freePort();
  await launchNode(first);
  const second = await freePort();
  await launchNode(second, first);
  for (let number = 0; number < SENTINELS; number += 1) {
    const port = await freePort();
    const file = path.join(dir, `sentinel-${number}.conf`);
    const lines = [
      'bind 127.0.0.1',
      `port ${port}`,
      `dir ${dir}`,
      `sentinel monitor ${NAME} 127.0.0.1 ${first} ${QUORUM}`,
      `sentinel down-after-milliseconds ${NAME} ${DOWN_AFTER_MS}`,
      `sentinel failover-timeout ${NAME} 10000`,
    ];
    await writeFile(file, `${lines.join('\n')}\n`);
    sentinels.push(launch([file, '--sentinel']));
    ports.push(port);
    await ask(port, (client) => client.ping());
  }
  const [entry = 0] = ports;

  async function primary(): Promise<number> {
    const answer = await ask(entry, (client) =>
      client.call('SENTINEL', 'get-master-addr-by-name', NAME),
    );
    return Number(Array.isArray(answer) ? answer[1] : Number.NaN);
  }

  async function untilReady(): Promise<void> {
    await waitFor(
      async () => {
        const answer = await ask(entry, (client) => client.call('SENTINEL', 'master', NAME));
        const facts = pairs(answer);
        return (
          Number(facts['num-slaves']) === 1 &&
          Number(facts['num-other-sentinels']) === SENTINELS - 1
        );
      },
      { timeoutMs: 30_000, intervalMs: 200, what: 'the Sentinels to know each other' },
    );
  }

  await untilFollowing(second);
  await untilReady();
  return {
    url: `redis+sentinel://${ports.map((port) => `127.0.0.1:${port}`).join(',')}/${NAME}`,
    primary,
    async strike(port, signal) {
      const node = nodes.get(port);
      if (!node) throw new Error(`Expected a node at port ${port}, got none`);
      node.kill(signal);
      if (signal === 'SIGKILL') await once(node, 'exit');
    },
    async rejoin(port) {
      const node = nodes.get(port);
      if (node?.exitCode === null && node.signalCode === null) node.kill('SIGCONT');
      else await launchNode(port, await primary());
      await untilFollowing(port);
    },
    async remove() {
      for (const child of [...sentinels, ...nodes.values()]) {
        child.kill('SIGCONT');
        if (child.exitCode !== null || child.signalCode !== null) continue;
        const exited = once(child, 'exit');
        child.kill('SIGKILL');
        await exited;
      }
      await rm(dir, { recursive: true, force: true });
    },
  };
}

function launch(args: string[]): ChildProcess {
  const binary = process.env['REDIS_SERVER_BIN'] ?? 'redis-server';
  const [command, bound] = boundToUs(binary, args);
  const child = spawn(command, bound, { stdio: 'ignore' });
  const killAtExit = (): void => void child.kill('SIGKILL');
  process.once('exit', killAtExit);
  child.once('exit', () => process.off('exit', killAtExit));
  return child;
}

/** It is a replica, and the first synchronisation is over. */
async function untilFollowing(port: number): Promise<void> {
  await waitFor(
    async () => {
      const info = await ask(port, (client) => client.info('replication'));
      return info.includes('role:slave') && info.includes('master_link_status:up');
    },
    { timeoutMs: 60_000, intervalMs: 200, what: `the node at port ${port} to follow the primary` },
  );
}

/** One question to one node, over a connection of its own. Waits for a node that is starting. */
async function ask<Answer>(port: number, question: (client: Redis) => Promise<Answer>) {
  const client = new Redis(port, '127.0.0.1', {
    maxRetriesPerRequest: 100,
    retryStrategy: () => 50,
  });
  client.on('error', () => undefined);
  try {
    return await question(client);
  } finally {
    client.disconnect();
  }
}

/** A flat list of names and values, as Redis answers it. */
function pairs(answer: unknown): Record<string, string> {
  const list = Array.isArray(answer) ? answer.map(String) : [];
  return Object.fromEntries(
    list.flatMap((name, index) => (index % 2 === 0 ? [[name, list[index + 1] ?? '']] : [])),
  );
}
