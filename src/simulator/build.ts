import { Adversaries } from './adversary.ts';
import { resolveOptions, type SimulatorOptions } from './config.ts';
import { Control } from './control.ts';
import type { ControlReply } from './control-call.ts';
import { judge, type Judgement } from './judge.ts';
import { close, createHttpServer, listen } from './server.ts';
import { createWorld } from './world.ts';

export type { SimulatorOptions } from './config.ts';
export type { Judgement } from './judge.ts';
export type { ControlReply } from './control-call.ts';

/** A running WeChat, pretended. */
export interface Simulator {
  /** Listens; calling it again changes nothing. */
  start(): Promise<{ port: number; url: string }>;
  /** Ends every connection and stops listening; may be called twice, or before `start`. */
  stop(): Promise<void>;
  /** The control API without the network: same routes, same answers. */
  control(method: string, path: string, body?: unknown): ControlReply;
  /** What really happened to the messages. */
  judge(): Judgement;
}

/**
 * WeChat's token, send and quota endpoints as a local server that can be told to misbehave and
 * that remembers what it took, so that a sender can be judged by somebody else than itself. It
 * imports nothing from the rest of this project for the same reason.
 *
 * Out of scope so far: pushes to a callback (user messages, TEMPLATESENDJOBFINISH), media
 * upload, subscription notifications, and the calls of third-party platforms. Facts about
 * WeChat come from its public documentation and, where that is silent, from reports in the
 * field; what nobody knows is a setting.
 *
 * @throws SimulatorConfigError when the options are wrong
 */
export function createSimulator(options: SimulatorOptions = {}): Simulator {
  const { port, host, seed, accounts, settings, faults } = resolveOptions(options);
  const world = createWorld(settings, {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    seed,
  });
  for (const account of accounts) world.accounts.set(account);
  for (const fault of faults) world.faults.add(fault);

  const adversaries = new Adversaries(world.accounts);
  const control = new Control({ world, adversaries });
  const server = createHttpServer(world, control);
  let started: Promise<number> | undefined;

  return {
    async start() {
      started ??= listen(server, port, host);
      const taken = await started;
      return { port: taken, url: `http://${host}:${taken}` };
    },
    async stop() {
      adversaries.stopAll();
      if (started === undefined) return;
      await started.catch(() => undefined);
      await close(server);
    },
    control: (method, path, body) =>
      control.handle(method, path, body === undefined ? '' : JSON.stringify(body)),
    judge: () => judge(world, world.clock.now()),
  };
}
