import { Counter } from 'prom-client';
import type { HttpMetrics } from '../shared/metrics/http-metrics.ts';
import type { ProcessMetrics } from '../shared/metrics/process-metrics.ts';

/** `locked`: not even looked at, after too many failures. */
export const LOGIN_RESULTS = ['ok', 'refused', 'locked'] as const;
export type LoginResult = (typeof LOGIN_RESULTS)[number];

/** What the dashboard counts of itself. */
export interface DashboardMetrics extends HttpMetrics {
  /** A name and a password came in: by the form, or with a request. */
  loggedIn(result: LoginResult): void;
}

export function createDashboardMetrics(measured: ProcessMetrics): DashboardMetrics {
  const logins = new Counter({
    name: 'courier_logins_total',
    help: 'Names and passwords that came in, by the form or with a request',
    labelNames: ['result'],
    registers: [measured.registry],
  });
  for (const result of LOGIN_RESULTS) logins.inc({ result }, 0);
  return { ...measured.http(), loggedIn: (result) => logins.inc({ result }) };
}
