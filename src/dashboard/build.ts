import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { accountsOfFile } from '../producer/accounts.ts';
import { withinDeadline } from '../producer/connection.ts';
import { createProducer } from '../producer/index.ts';
import { systemClock } from '../shared/clock.ts';
import type { Config } from '../shared/config.ts';
import { openDeadLetters } from '../shared/dead-letter.ts';
import { CourierError, messageOf } from '../shared/errors.ts';
import { createHealthServer, type HealthServer } from '../shared/health-server.ts';
import type { Logger } from '../shared/logger.ts';
import { createProcessMetrics, type ProcessMetrics } from '../shared/metrics/process-metrics.ts';
import { answersInTime } from '../shared/redis-answers.ts';
import { closeRedis, openRedis, type RedisClient } from '../shared/redis.ts';
import { openAccountViews } from './account-views.ts';
import { createLockout } from './auth/lockout.ts';
import { createSessions } from './auth/sessions.ts';
import { addBoard } from './board.ts';
import { letterRoutes } from './letter-routes.ts';
import { createDashboardMetrics } from './metrics.ts';
import { createRepairs } from './repairs.ts';
import { pageRoutes } from './routes.ts';
import { createServer } from './server.ts';
import { unknownRoutes } from './unknown-routes.ts';
import { newUser, type User } from './users/user.ts';
import { createUserRing } from './users/user-ring.ts';
import { readUsers } from './users/users-file.ts';

/** The dashboard as a process runs it. */
export interface DashboardProcess {
  /** `metricsPort` unless another role of this process serves its metrics. */
  start(): Promise<{ port: number; metricsPort?: number }>;
  stop(): Promise<void>;
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/;
/** The accounts file may have got a new account. */
const LOOK_INTERVAL_MS = 5000;

/**
 * Builds the dashboard from its configuration; nothing listens before `start`.
 *
 * @param say prints a line for the person at the terminal, never for a log
 * @param shared metrics of a process whose other roles serve them; without it the dashboard does
 * @throws CourierError `ERR_CONFIG` if the accounts file or the users file is not valid, or if it
 * were to listen beyond loopback without users
 */
export async function buildDashboard(
  config: Config,
  logger: Logger,
  say: (line: string) => void,
  shared?: ProcessMetrics,
): Promise<DashboardProcess> {
  const { now, monotonic } = systemClock;
  const accounts = accountsOfFile(config.accountsFile, monotonic);
  const extra = await usersForStart(config, say);
  const users = createUserRing(config.dashboardUsersFile, { now, logger, extra });
  const redis = openRedis(config.redisUrl, 'producer', () => undefined);
  const { accountsFile, ledgerTtlHours } = config;
  const producer = createProducer({ redis, accountsFile, ledgerTtlHours });
  const deadLetters = openDeadLetters(redis, () => undefined);
  const call = <Result>(work: () => Promise<Result>) => withinDeadline(redis, work);
  const appIds = () => accounts.all();
  const views = openAccountViews({ redis, clock: systemClock, appIds, deadLetters, call });
  const measured = shared ?? createProcessMetrics({ monotonic, logger });
  measured.add({ role: 'dashboard', redis });
  const metrics = createDashboardMetrics(measured);
  const health = shared ? undefined : healthServer(config, logger, measured, redis);
  const guard = {
    users,
    sessions: createSessions(now),
    lockout: createLockout(now),
    metrics,
    logger,
  };
  const app = await createServer(guard, { trustedProxies: config.trustedProxies });
  app.addHook('onResponse', async ({ method, user }) => {
    if (method !== 'GET' && user?.role === 'operator') views.changed();
  });
  const { countDeadLetters } = views;
  const newId = () => randomBytes(9).toString('base64url');
  const { deadLetters: letters } = producer;
  const repairs = createRepairs({ deadLetters: letters, countDeadLetters, now, newId, logger });
  const board = await addBoard(app, deadLetters, views, repairs);
  pageRoutes(app, { producer, views, now, logger });
  unknownRoutes(app, { producer, views, logger });
  letterRoutes(app, { producer, views, repairs, now, monotonic, logger });
  let shown = '';
  let timer: NodeJS.Timeout | undefined;

  function showLanes(): void {
    if (shown === appIds().join()) return;
    shown = appIds().join();
    board.show(views.lanes());
  }

  return {
    async start() {
      await measured.loopDelay.start();
      await health?.start();
      await users.start();
      showLanes();
      timer = setInterval(showLanes, LOOK_INTERVAL_MS);
      try {
        await app.listen({ host: config.host, port: config.dashboardPort });
      } catch (error) {
        throw new CourierError(
          'ERR_CONFIG',
          `COURIER_HOST, COURIER_DASHBOARD_PORT: expected a free address of this machine, got ` +
            `${config.host}:${config.dashboardPort} (${messageOf(error)}).`,
          { cause: error },
        );
      }
      const { port } = app.server.address() as AddressInfo;
      return { port, ...(health && { metricsPort: health.port() }) };
    },
    async stop() {
      clearInterval(timer);
      await app.close();
      await repairs.close();
      await users.stop();
      await views.close();
      await deadLetters.close();
      await producer.close();
      await closeRedis(redis);
      await health?.stop();
      await measured.loopDelay.stop();
    },
  };
}

/** On a port of its own: all of the dashboard's own needs a login. */
function healthServer(
  config: Config,
  logger: Logger,
  { registry }: ProcessMetrics,
  redis: RedisClient,
): HealthServer {
  const { host, metricsPort: port } = config;
  return createHealthServer({ host, port, registry, isReady: () => answersInTime(redis), logger });
}

/** Without users there is one for this run, on loopback only. */
async function usersForStart(config: Config, say: (line: string) => void): Promise<User[]> {
  if (readUsers(config.dashboardUsersFile).length > 0) return [];
  if (!LOOPBACK.test(config.host)) {
    throw new CourierError(
      'ERR_CONFIG',
      `Expected users of the dashboard in ${config.dashboardUsersFile} before it listens on ` +
        `${config.host}, got none. Add one: courier users add <name> --role operator.`,
    );
  }
  const password = randomBytes(18).toString('base64url');
  say(
    `Dashboard: no users yet. For this run log in as "operator" with the password ${password}\n` +
      'Lasting users: courier users add <name> --role operator',
  );
  return [await newUser({ name: 'operator', role: 'operator' }, password, systemClock.now)];
}
