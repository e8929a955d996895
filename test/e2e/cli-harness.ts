import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { MessageStatus } from '../../src/producer/index.ts';
import { createSimulator, type Simulator } from '../../src/simulator/build.ts';
import { type ProcessOptions, type RunningProcess, useProcesses } from '../helpers/processes.ts';
import { type FileRedis, useRedis } from '../helpers/redis.ts';
import { waitFor } from '../helpers/wait-for.ts';

export const APP = 'wx0123456789abcdef';
export const OPENID = 'oABCDEFGHIJKLMNOPQRSTUVWXYZ0';
const TEMPLATE = 'ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY';

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The one document of `--json`. */
  json<Document = Record<string, unknown>>(): Document;
}

/** `courier` as built, in a folder of its own, beside a real Redis and a pretended WeChat. */
export interface Cli {
  readonly redis: FileRedis;
  readonly simulator: Simulator;
  readonly folder: string;
  /** Runs a command to its end. */
  courier(...args: string[]): Promise<CliResult>;
  /** The same with another environment or folder. */
  courierWith(options: ProcessOptions): Promise<CliResult>;
  start(entry: string, options?: ProcessOptions): RunningProcess;
  startWorker(): Promise<RunningProcess>;
  /** Sends a text to a recipient of that test alone; returns the message id. */
  sendText(openid: string, text: string, ...flags: string[]): Promise<string>;
  /** Asks `courier status` until the message is in this state. */
  untilState(messageId: string, state: string): Promise<MessageStatus>;
}

export function useCli(): Cli {
  const redis = useRedis();
  const processes = useProcesses();
  const simulator = createSimulator({ accounts: [{ appId: APP, secret: 's3cret' }] });
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'courier-cli-'));
    const { url: apiBase } = await simulator.start();
    const accounts = [{ appId: APP, secret: 's3cret', apiBase }];
    await writeFile(path.join(folder, 'accounts.json'), JSON.stringify({ accounts }));
  });
  afterAll(async () => {
    await simulator.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const environment = () => ({ REDIS_URL: redis.url, COURIER_METRICS_PORT: '0' });
  const start = (entry: string, options: ProcessOptions = {}) =>
    processes.start(entry, { cwd: folder, env: environment(), ...options });
  async function courierWith(options: ProcessOptions): Promise<CliResult> {
    const running = start('dist/cli/main.js', options);
    const { code } = await running.exited;
    const stdout = running.stdout.join('\n');
    const json = <Document>() => JSON.parse(stdout) as Document;
    return { code, stdout, stderr: running.stderr.join('\n'), json };
  }
  const courier = (...args: string[]) => courierWith({ args });
  return {
    redis,
    simulator,
    get folder() {
      return folder;
    },
    courier,
    courierWith,
    start,
    async startWorker() {
      const worker = start('dist/worker/main.js');
      await worker.ready();
      return worker;
    },
    async sendText(openid, text, ...flags) {
      const args = ['custom', '--app', APP, '--to', openid, '--text', text, ...flags, '--json'];
      return (await courier('send', ...args)).json<{ messageId: string }>().messageId;
    },
    untilState: (messageId, state) =>
      waitFor(
        async () => {
          const status = (await courier('status', messageId, '--json')).json<MessageStatus>();
          if (status.state !== state) throw new Error(`it is ${JSON.stringify(status)}`);
          return status;
        },
        { timeoutMs: 30_000, intervalMs: 200, what: `${messageId} to be ${state}` },
      ),
  };
}

/** An envelope that is well, as a line of a file. */
export function templateLine(id: string, more: object = {}): string {
  const message = {
    touser: OPENID,
    template_id: TEMPLATE,
    data: { thing1: { value: '巧克力' } },
  };
  return JSON.stringify({ appId: APP, kind: 'template', id, message, ...more });
}

/** A recipient nobody else uses. */
export function newOpenid(name: string): string {
  return `o${name}`.padEnd(28, '0');
}
