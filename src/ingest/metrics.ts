import { Counter, Histogram, Registry } from 'prom-client';

/** What the ingest counts of itself. */
export interface IngestMetrics {
  readonly registry: Registry;
  answered(method: string, route: string, status: number, seconds: number): void;
}

export function createIngestMetrics(): IngestMetrics {
  const registry = new Registry();
  const requests = new Counter({
    name: 'courier_http_requests_total',
    help: 'Requests to the ingest API.',
    labelNames: ['method', 'route', 'status'],
    registers: [registry],
  });
  const durations = new Histogram({
    name: 'courier_http_request_duration_seconds',
    help: 'From the first byte of a request to its answer.',
    labelNames: ['route'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers: [registry],
  });
  return {
    registry,
    answered(method, route, status, seconds) {
      requests.inc({ method, route, status: String(status) });
      durations.observe({ route }, seconds);
    },
  };
}
