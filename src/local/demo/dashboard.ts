import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { systemClock } from '../../shared/clock.ts';
import { newUser } from '../../dashboard/users/user.ts';
import { addUser } from '../../dashboard/users/users-file.ts';
import { type Backstage, fail, type Metrics, metricsAt, type Stage, start } from './stage.ts';

/** The dashboard of a demo that stays, and who may log in. */
export interface DemoDashboard {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly metrics: Metrics;
  /** Rejects if it ends before its time. */
  readonly broken: Promise<never>;
}

/** Starts a dashboard for what the demo has left in its Redis. */
export async function openDashboard(stage: Stage, backstage: Backstage): Promise<DemoDashboard> {
  const { dir, redisUrl, accountsFile, usersFile } = stage;
  const user = 'ann';
  const password = randomBytes(12).toString('base64url');
  await addUser(
    usersFile,
    await newUser({ name: user, role: 'operator' }, password, systemClock.now),
  );
  const child = start(backstage, {
    name: 'dashboard',
    script: 'dashboard/main.js',
    env: {
      REDIS_URL: redisUrl,
      COURIER_ACCOUNTS_FILE: accountsFile,
      COURIER_DASHBOARD_USERS_FILE: usersFile,
      COURIER_DASHBOARD_PORT: '0',
      COURIER_METRICS_PORT: '0',
    },
    logFile: path.join(dir, 'dashboard.log'),
  });
  const broken = child.exited.then((end) => fail('dashboard', end));
  broken.catch(() => undefined);
  const { port, metricsPort } = await child.ready;
  const metrics = metricsAt('dashboard', metricsPort);
  return { url: `http://127.0.0.1:${String(port)}`, user, password, metrics, broken };
}
