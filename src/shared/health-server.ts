import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { CourierError, messageOf } from './errors.ts';
import type { Service } from './lifecycle.ts';
import type { Logger } from './logger.ts';

export interface HealthServer extends Service {
  /** The port it listens on, once started. */
  port(): number;
}

/** `/healthz` (the process lives), `/readyz` (it can work) and `/metrics` of a process without another server. */
export function createHealthServer(options: {
  readonly host: string;
  readonly port: number;
  readonly registry: Registry;
  readonly isReady: () => Promise<boolean>;
  readonly logger: Logger;
}): HealthServer {
  const { host, registry, isReady, logger } = options;
  const server = createServer((request, response) => {
    answer(request.url ?? '/', response).catch(() => end(response, 500, 'error\n'));
  });

  async function answer(url: string, response: ServerResponse): Promise<void> {
    switch (url.split('?')[0]) {
      case '/healthz':
        return end(response, 200, 'ok\n');
      case '/readyz':
        return (await isReady())
          ? end(response, 200, 'ready\n')
          : end(response, 503, 'not ready\n');
      case '/metrics':
        response.setHeader('content-type', registry.contentType);
        return end(response, 200, await registry.metrics());
      default:
        return end(response, 404, 'not found\n');
    }
  }

  function listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, () => {
        server.off('error', reject);
        resolve();
      });
    });
  }

  return {
    name: 'health',
    port: () => (server.address() as AddressInfo | null)?.port ?? 0,
    async start() {
      try {
        await listen(options.port);
      } catch (error) {
        if (!isAddressInUse(error)) throw unusable(host, options.port, error);
        // Several workers on one machine share the default: none of them should die of it.
        await listen(0);
        logger.warn(
          { wanted: options.port, port: this.port() },
          'metrics port taken, using another',
        );
      }
    },
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function end(response: ServerResponse, status: number, body: string): void {
  response.statusCode = status;
  response.end(body);
}

function unusable(host: string, port: number, error: unknown): CourierError {
  return new CourierError(
    'ERR_CONFIG',
    `COURIER_HOST, COURIER_METRICS_PORT: expected an address of this machine, got ${host}:${port} ` +
      `(${messageOf(error)}).`,
    { cause: error },
  );
}

function isAddressInUse(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}
