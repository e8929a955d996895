import { expect, it } from 'vitest';
import { useProcesses } from '../helpers/processes.ts';

const processes = useProcesses();
const env = { COURIER_SIMULATOR_PORT: '0' };

it('a process is ready when its log says so, and ends when asked', async () => {
  const simulator = processes.start('src/simulator/main.ts', { env });
  const { port } = await simulator.ready();
  expect(port).toBeGreaterThan(0);
  expect(await simulator.stop()).toEqual({ code: 0, signal: null });
});

it('a process that ends instead is reported with what it said', async () => {
  const simulator = processes.start('src/simulator/main.ts', {
    env: { COURIER_SIMULATOR_PORT: 'none' },
  });
  await expect(simulator.ready()).rejects.toThrow(/"code":78[^]*simulator: /);
  expect(await simulator.exited).toMatchObject({ code: 78 });
});

it('nothing of the environment of the test run reaches a process', async () => {
  process.env['COURIER_SIMULATOR_LATENCY'] = 'none';
  try {
    const simulator = processes.start('src/simulator/main.ts', { env });
    expect(await simulator.ready()).toMatchObject({ msg: 'ready' });
  } finally {
    delete process.env['COURIER_SIMULATOR_LATENCY'];
  }
});
