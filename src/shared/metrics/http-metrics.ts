import { Counter, Histogram, type Registry } from 'prom-client';

/** What HTTP servers count of the requests they answer. */
export interface HttpMetrics {
  /** @param route the pattern of the route, never the address that was asked for */
  answered(method: string, route: string, status: number, seconds: number): void;
}

export function createHttpMetrics(registry: Registry): HttpMetrics {
  const registers = [registry];
  const requests = new Counter({
    name: 'courier_http_requests_total',
    help: 'Requests that were answered',
    labelNames: ['method', 'route', 'status'],
    registers,
  });
  const durations = new Histogram({
    name: 'courier_http_request_duration_seconds',
    help: 'From the first byte of a request to its answer',
    labelNames: ['route'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers,
  });
  return {
    answered(method, route, status, seconds) {
      requests.inc({ method, route, status: String(status) });
      durations.observe({ route }, seconds);
    },
  };
}
