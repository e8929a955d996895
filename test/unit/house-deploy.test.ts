import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseAccounts } from '../../src/shared/accounts.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');

interface ComposeService {
  command?: string[];
  deploy?: { replicas: number };
  environment?: Record<string, string>;
  healthcheck?: { test?: string[] };
  image?: string;
  network_mode?: string;
  ports?: string[];
  profiles?: string[];
  stop_grace_period?: string;
  volumes?: ({ source: string; read_only?: boolean } | string)[];
}
const compose = parse(read('docker-compose.yml'), { merge: true }) as {
  services: Record<
    | 'redis'
    | 'worker'
    | 'ingest'
    | 'dashboard'
    | 'simulator'
    | 'worker-simulated'
    | 'prometheus'
    | 'grafana',
    ComposeService
  >;
};
const {
  redis,
  worker,
  ingest,
  dashboard,
  prometheus,
  grafana,
  simulator,
  'worker-simulated': simulated,
} = compose.services;

describe('docker-compose.yml', () => {
  it('gives messages a Redis that keeps them', () => {
    const command = redis.command?.join(' ');
    expect(command).toContain('--appendonly yes --appendfsync everysec');
    expect(command).toContain('--maxmemory-policy noeviction');
    expect(redis.volumes).toEqual(['redis-data:/data']);
    expect(redis.healthcheck?.test).toContain('ping');
  });

  it('runs two workers that get longer to stop than they take', () => {
    expect(worker.deploy?.replicas).toBe(2);
    const grace = Number(worker.environment?.['COURIER_SHUTDOWN_GRACE_MS']);
    expect(Number.parseInt(worker.stop_grace_period ?? '', 10) * 1000).toBeGreaterThan(grace);
  });

  it('hands accounts in read-only and has no secret of its own', () => {
    for (const service of [worker, simulated]) {
      expect(service.volumes).toEqual([expect.objectContaining({ read_only: true })]);
      expect(JSON.stringify(service.environment)).not.toMatch(/secret/i);
    }
  });

  it('opens no port to the outside, only some on loopback', () => {
    const open = Object.entries(compose.services).flatMap(([name, { ports = [] }]) =>
      ports.map((port) => `${name} ${port}`),
    );
    expect(open).toEqual([
      'ingest 127.0.0.1:8080:8080',
      'dashboard 127.0.0.1:8082:8082',
      'prometheus 127.0.0.1:9090:9090',
      'grafana 127.0.0.1:3000:3000',
    ]);
    expect([ingest.profiles, dashboard.profiles]).toEqual([['ingest'], ['dashboard']]);
    for (const volume of [...(ingest.volumes ?? []), ...(dashboard.volumes ?? [])]) {
      expect(volume).toMatchObject({ read_only: true });
    }
  });

  it('has a dashboard with users of its own: it listens to more than loopback', () => {
    expect(dashboard.command).toEqual(['node', 'dist/dashboard/main.js']);
    const file = dashboard.environment?.['COURIER_DASHBOARD_USERS_FILE'] ?? '';
    const folder = path.posix.dirname(file);
    expect(dashboard.volumes).toContainEqual(
      expect.objectContaining({ source: './users', target: folder }),
    );
  });

  it('starts Prometheus and Grafana, pinned, only when asked, with files that are there', () => {
    for (const service of [prometheus, grafana]) {
      expect(service.profiles).toEqual(['monitoring']);
      expect(service.image).toMatch(/:v?\d+\.\d+\.\d+$/);
    }
    expect(prometheus.command).toEqual(['--config.file=/etc/prometheus/prometheus.compose.yml']);
    const mounts = [...(prometheus.volumes ?? []), ...(grafana.volumes ?? [])].map(String);
    const files = mounts.filter((mount) => mount.startsWith('./'));
    expect(files).toHaveLength(3);
    for (const mount of files) {
      const [source = '', , mode] = mount.split(':');
      expect(existsSync(path.join(ROOT, source)), source).toBe(true);
      expect(mode).toBe('ro');
    }
  });

  it('has Prometheus look for services there are, at the ports of their metrics', () => {
    const { scrape_configs: jobs } = parse(read('deploy/prometheus/prometheus.compose.yml')) as {
      scrape_configs: { job_name: string; dns_sd_configs: { names: string[]; port: number }[] }[];
    };
    const looks = jobs.map(({ job_name: job, dns_sd_configs: [found] }) => [
      job,
      ...(found?.names ?? []),
      found?.port,
    ]);
    expect(looks).toEqual([
      ['courier-worker', 'worker', 9464],
      ['courier-ingest', 'ingest', 8080],
      ['courier-dashboard', 'dashboard', 9464],
    ]);
    for (const service of [worker, ingest, dashboard]) {
      expect(service.environment?.['COURIER_HOST']).toBe('0.0.0.0');
    }
  });

  it('starts the simulator and its worker only when asked', () => {
    expect(simulator.profiles).toEqual(['simulator']);
    expect(simulated.profiles).toEqual(['simulator']);
    expect([redis.profiles, worker.profiles]).toEqual([undefined, undefined]);
  });

  it('lets the simulated worker reach the simulator on loopback, as plain http must be', () => {
    expect(simulated.network_mode).toBe('service:simulator');
    const [account] = parseAccounts(read('deploy/accounts.simulator.json'), {});
    expect(account?.apiBase).toBe('http://127.0.0.1:8099');
  });
});

type App = Record<string, unknown> & { env: Record<string, unknown> };

describe('ecosystem.config.cjs', () => {
  const file = path.join(ROOT, 'ecosystem.config.cjs');
  const { apps } = createRequire(import.meta.url)(file) as {
    apps: [App, App, App];
  };
  const [app, api, dashboard] = apps;

  it('runs the API too, with the same care', () => {
    expect(api).toMatchObject({ script: 'dist/ingest/main.js', wait_ready: true });
    expect(api['stop_exit_codes']).toEqual([78]);
    expect(Number(api['kill_timeout'])).toBeGreaterThan(
      Number(api.env['COURIER_SHUTDOWN_GRACE_MS']),
    );
  });

  it('lets a worker finish before pm2 kills it', () => {
    expect(Number(app['kill_timeout'])).toBeGreaterThan(
      Number(app.env['COURIER_SHUTDOWN_GRACE_MS']),
    );
  });

  it('waits until a worker is ready, each a process with a metrics port of its own', () => {
    expect(app).toMatchObject({
      script: 'dist/worker/main.js',
      exec_mode: 'fork',
      instances: 2,
      wait_ready: true,
      increment_var: 'COURIER_METRICS_PORT',
    });
    expect(Number(app['listen_timeout'])).toBeGreaterThan(0);
  });

  it('gives the dashboard a metrics port that no worker takes', () => {
    expect(Number(dashboard.env['COURIER_METRICS_PORT'])).toBeLessThan(
      Number(app.env['COURIER_METRICS_PORT']),
    );
  });

  it('does not repeat a start that wrong configuration ended', () => {
    expect(app['stop_exit_codes']).toEqual([78]);
  });
});

describe('Dockerfile', () => {
  const [build = '', runtime = ''] = read('Dockerfile')
    .split(/^FROM /m)
    .slice(1);

  it('pins Node by minor version in every stage', () => {
    for (const stage of [build, runtime]) expect(stage).toMatch(/^node:20\.\d+-slim/);
  });

  it('ships without development packages and runs no install script', () => {
    expect(runtime).toContain('npm ci --omit=dev --ignore-scripts');
  });

  it('runs the worker as nobody special, without a shell before it', () => {
    const lines = runtime.split('\n');
    expect(lines.findIndex((line) => line === 'USER node')).toBeGreaterThan(0);
    expect(lines.findLast((line) => line.startsWith('CMD'))).toBe(
      'CMD ["node", "dist/worker/main.js"]',
    );
  });

  it('is healthy when the worker says so', () => {
    expect(runtime).toMatch(/HEALTHCHECK[^]*COURIER_METRICS_PORT \|\| 9464\}\/healthz/);
  });
});

describe('accounts.example.json', () => {
  it('is a valid accounts file that takes its secrets from the environment', () => {
    const text = read('accounts.example.json');
    const [account] = parseAccounts(text, {
      WX_SECRET: 'from-the-environment',
      WX_CB_TOKEN: 'callbacktoken',
      WX_AES_KEY: 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG',
    });
    expect(account?.appId).toBe('wx0123456789abcdef');
    expect(text).not.toContain('from-the-environment');
  });
});
