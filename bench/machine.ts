import { execFile } from 'node:child_process';
import { cpus } from 'node:os';
import { promisify } from 'node:util';

/** Without these facts a number means nothing. */
export interface Machine {
  readonly cpus: number;
  readonly cpu: string;
  readonly node: string;
  readonly redis: string;
  readonly date: string;
}

export async function describeMachine(): Promise<Machine> {
  const all = cpus();
  const binary = process.env['REDIS_SERVER_BIN'] ?? 'redis-server';
  const { stdout } = await promisify(execFile)(binary, ['--version']);
  return {
    cpus: all.length,
    cpu: all[0]?.model.trim() ?? 'unknown',
    node: process.versions.node,
    redis: /v=(\S+)/.exec(stdout)?.[1] ?? stdout.trim(),
    date: new Date().toISOString(),
  };
}
