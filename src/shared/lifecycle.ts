/**
 * A long-lived part of a process. `start` resolves once it is working, `stop` once it has
 * fully stopped; both may be called twice, and `stop` before `start` is fine.
 */
export interface Service {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts services in order and stops them in reverse. A start that fails stops what had been
 * started, the one that failed included; a stop that fails does not keep the others from
 * stopping. A stop during the start lets the service that is just starting start, starts no
 * further one, and stops all.
 */
export function serviceStack(services: readonly Service[]): Service {
  let started: Service[] = [];
  let starting: Promise<void> = Promise.resolve();
  let stopping = false;

  async function startAll(): Promise<void> {
    for (const service of services) {
      if (stopping) return;
      started = [...started, service];
      try {
        await service.start();
      } catch (error) {
        await stopStarted().catch(() => undefined);
        throw error;
      }
    }
  }

  async function stopStarted(): Promise<void> {
    const running = started;
    started = [];
    await stopAll(running);
  }

  return {
    name: 'stack',
    start() {
      stopping = false;
      starting = startAll();
      return starting;
    },
    async stop() {
      stopping = true;
      await starting.catch(() => undefined);
      await stopStarted();
    },
  };
}

/** Services that start and stop together: stopping waits once, not once for each. */
export function parallel(name: string, services: readonly Service[]): Service {
  return {
    name,
    async start() {
      await Promise.all(services.map((service) => service.start()));
    },
    async stop() {
      await Promise.all(services.map((service) => service.stop()));
    },
  };
}

/** A resource that is open from the beginning and only wants closing at the end. */
export function closing(name: string, close: () => Promise<void>): Service {
  return { name, start: () => Promise.resolve(), stop: close };
}

async function stopAll(services: readonly Service[]): Promise<void> {
  const failures: unknown[] = [];
  for (const service of [...services].reverse()) {
    try {
      await service.stop();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'Some services failed to stop');
}
