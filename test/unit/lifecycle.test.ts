import { expect, test } from 'vitest';
import { closing, parallel, type Service, serviceStack } from '../../src/shared/lifecycle.ts';

/** A service that writes down what happens to it. */
function recorder(
  log: string[],
  name: string,
  fails: 'start' | 'stop' | 'never' = 'never',
): Service {
  return {
    name,
    async start() {
      log.push(`start ${name}`);
      if (fails === 'start') throw new Error(`${name} does not start`);
    },
    async stop() {
      log.push(`stop ${name}`);
      if (fails === 'stop') throw new Error(`${name} does not stop`);
    },
  };
}

test('services start in order and stop in reverse', async () => {
  const log: string[] = [];
  const stack = serviceStack(['a', 'b', 'c'].map((name) => recorder(log, name)));
  await stack.start();
  await stack.stop();
  expect(log).toEqual(['start a', 'start b', 'start c', 'stop c', 'stop b', 'stop a']);
});

test('a failing start stops what had been started, and tells why', async () => {
  const log: string[] = [];
  const stack = serviceStack([recorder(log, 'a'), recorder(log, 'b', 'start'), recorder(log, 'c')]);
  await expect(stack.start()).rejects.toThrow('b does not start');
  expect(log).toEqual(['start a', 'start b', 'stop b', 'stop a']);
  await stack.stop();
  expect(log).toHaveLength(4);
});

test('the reason of a failing start survives a failing stop', async () => {
  const log: string[] = [];
  const stack = serviceStack([recorder(log, 'a', 'stop'), recorder(log, 'b', 'start')]);
  await expect(stack.start()).rejects.toThrow('b does not start');
});

test('a failing stop keeps nobody else from stopping, and is told', async () => {
  const log: string[] = [];
  const stack = serviceStack([
    recorder(log, 'a'),
    recorder(log, 'b', 'stop'),
    recorder(log, 'c', 'stop'),
  ]);
  await stack.start();
  const error = await stack.stop().catch((reason: unknown) => reason);
  expect(log.slice(3)).toEqual(['stop c', 'stop b', 'stop a']);
  expect(error).toBeInstanceOf(AggregateError);
  expect((error as AggregateError).errors).toHaveLength(2);
});

test('a stop during the start waits for what is starting, starts no more, and stops all', async () => {
  const log: string[] = [];
  let letStart: () => void = () => undefined;
  const slow: Service = {
    name: 'slow',
    start: () => new Promise((resolve) => (letStart = resolve)),
    async stop() {
      log.push('stop slow');
    },
  };
  const stack = serviceStack([recorder(log, 'a'), slow, recorder(log, 'c')]);
  const started = stack.start();
  await Promise.resolve();
  const stopped = stack.stop();
  await new Promise((resolve) => setImmediate(resolve));
  expect(log).toEqual(['start a']);
  letStart();
  await Promise.all([started, stopped]);
  expect(log).toEqual(['start a', 'stop slow', 'stop a']);
});

test('stopping before starting and stopping twice do nothing', async () => {
  const log: string[] = [];
  const stack = serviceStack([recorder(log, 'a')]);
  await stack.stop();
  await stack.start();
  await stack.stop();
  await stack.stop();
  expect(log).toEqual(['start a', 'stop a']);
});

test('a stack can be started again after it stopped', async () => {
  const log: string[] = [];
  const stack = serviceStack([recorder(log, 'a')]);
  await stack.start();
  await stack.stop();
  await stack.start();
  expect(log).toEqual(['start a', 'stop a', 'start a']);
});

test('parallel services wait for the slowest, not for the sum', async () => {
  const log: string[] = [];
  let release: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  const slow: Service = { name: 'slow', start: () => gate, stop: () => gate };
  const both = parallel('both', [slow, recorder(log, 'quick')]);
  const started = both.start();
  expect(log).toEqual(['start quick']);
  release();
  await started;
});

test('a resource that only wants closing is closed at stop', async () => {
  let closed = 0;
  const stack = serviceStack([
    closing('file', async () => {
      closed += 1;
    }),
  ]);
  await stack.start();
  expect(closed).toBe(0);
  await stack.stop();
  expect(closed).toBe(1);
});
