/**
 * Workers, the HTTP API and the dashboard under pm2: `npm run build && pm2 start ecosystem.config.cjs`. WORKERS
 * sets how many workers; `--only courier-worker` leaves the API out. A reload starts a new worker, waits until it is ready, then stops the old one gently.
 */
const GRACE_MS = 15_000;
const REDIS_URL = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379/0';
const COURIER_ACCOUNTS_FILE = process.env.COURIER_ACCOUNTS_FILE ?? './accounts.json';

module.exports = {
  apps: [
    {
      name: 'courier-worker',
      script: 'dist/worker/main.js',
      cwd: __dirname,
      exec_mode: 'fork',
      instances: Number(process.env.WORKERS ?? 2),
      wait_ready: true,
      listen_timeout: 30_000,
      // Above the grace, or pm2 kills a worker while it finishes what it has in flight.
      kill_timeout: GRACE_MS + 5_000,
      // Wrong configuration (78) does not get better by repeating.
      stop_exit_codes: [78],
      exp_backoff_restart_delay: 200,
      // Each instance gets a metrics port of its own: 9464, 9465, …
      increment_var: 'COURIER_METRICS_PORT',
      env: {
        NODE_ENV: 'production',
        REDIS_URL,
        COURIER_ACCOUNTS_FILE,
        COURIER_METRICS_PORT: 9464,
        COURIER_SHUTDOWN_GRACE_MS: GRACE_MS,
      },
    },
    {
      name: 'courier-ingest',
      script: 'dist/ingest/main.js',
      cwd: __dirname,
      exec_mode: 'fork',
      instances: 1,
      wait_ready: true,
      listen_timeout: 30_000,
      kill_timeout: GRACE_MS + 5_000,
      stop_exit_codes: [78],
      exp_backoff_restart_delay: 200,
      env: {
        NODE_ENV: 'production',
        REDIS_URL,
        COURIER_ACCOUNTS_FILE,
        COURIER_API_KEYS_FILE: process.env.COURIER_API_KEYS_FILE ?? './api-keys.json',
        COURIER_SHUTDOWN_GRACE_MS: GRACE_MS,
      },
    },
    {
      // On loopback: put a proxy with TLS in front. Without users its password is in the error log.
      name: 'courier-dashboard',
      script: 'dist/dashboard/main.js',
      cwd: __dirname,
      exec_mode: 'fork',
      instances: 1,
      wait_ready: true,
      listen_timeout: 30_000,
      kill_timeout: GRACE_MS + 5_000,
      stop_exit_codes: [78],
      exp_backoff_restart_delay: 200,
      env: {
        NODE_ENV: 'production',
        REDIS_URL,
        COURIER_ACCOUNTS_FILE,
        COURIER_DASHBOARD_USERS_FILE:
          process.env.COURIER_DASHBOARD_USERS_FILE ?? './dashboard-users.json',
        // Below those of the workers.
        COURIER_METRICS_PORT: 9463,
        COURIER_SHUTDOWN_GRACE_MS: GRACE_MS,
      },
    },
  ],
};
