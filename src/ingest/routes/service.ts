import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';

export interface ServiceRouteDeps {
  readonly registry: Registry;
  readonly isReady: () => Promise<boolean>;
  /** The OpenAPI document as JSON. */
  readonly openApi: string;
}

/** What needs no key: health, metrics, and the description of the API. */
export function serviceRoutes(app: FastifyInstance, deps: ServiceRouteDeps): void {
  const open = { config: { open: true } };
  app.get('/healthz', open, async (_request, reply) => reply.type('text/plain').send('ok\n'));
  app.get('/readyz', open, async (_request, reply) =>
    (await deps.isReady())
      ? reply.type('text/plain').send('ready\n')
      : reply.code(503).type('text/plain').send('not ready\n'),
  );
  app.get('/metrics', open, async (_request, reply) =>
    reply.type(deps.registry.contentType).send(await deps.registry.metrics()),
  );
  app.get('/openapi.json', open, async (_request, reply) =>
    reply.type('application/json; charset=utf-8').send(deps.openApi),
  );
}
