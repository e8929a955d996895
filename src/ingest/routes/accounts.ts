import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type AccountOverview, openAccountControl } from '../../shared/account-control.ts';
import type { Clock } from '../../shared/clock.ts';
import { CourierError } from '../../shared/errors.ts';
import type { LaneOverview } from '../../shared/lane-overview.ts';
import type { Kind } from '../../shared/outcome.ts';
import { type Quotas, readQuotas } from '../../shared/quota.ts';
import type { RedisClient } from '../../shared/redis.ts';
import { type TokenHealth, tokenHealth } from '../../shared/token-health.ts';
import { requireAccount } from '../permission.ts';

export interface AccountRouteDeps {
  readonly redis: RedisClient;
  readonly clock: Clock;
  readonly isKnown: (appId: string) => boolean;
  /** Runs a piece of work against Redis within the deadline of a call. */
  readonly call: <Result>(work: () => Promise<Result>) => Promise<Result>;
}

/** How an account stands, as the API tells it. */
export interface AccountView extends AccountOverview {
  readonly token: TokenHealth;
  readonly quota: readonly QuotaView[];
}

/** The daily quota of one kind. */
export interface QuotaView {
  readonly kind: Kind;
  /** WeChat refuses messages because it is spent; they are tried again then. */
  readonly spentUntil: number | null;
  /** Calls a day as WeChat counts them; absent while it was not asked, or did not say. */
  readonly daily?: {
    readonly limit: number;
    readonly used: number;
    readonly remain: number;
    readonly readAt: number;
  };
}

/** Looking at accounts, pausing and resuming them. */
export function accountRoutes(app: FastifyInstance, deps: AccountRouteDeps): void {
  const { redis, clock, call } = deps;
  type Route = { Params: { appId: string } };

  /** @throws HttpError `ERR_FORBIDDEN`, CourierError `ERR_UNKNOWN_ACCOUNT` */
  function accountOf(request: FastifyRequest<Route>): string {
    const { appId } = request.params;
    requireAccount(request.apiKey, appId);
    if (deps.isKnown(appId)) return appId;
    throw new CourierError(
      'ERR_UNKNOWN_ACCOUNT',
      `Account ${appId.slice(0, 40)} is not in the accounts file. Add it there, or correct the appId.`,
    );
  }

  async function withControl<Result>(
    appId: string,
    work: (control: ReturnType<typeof openAccountControl>) => Promise<Result>,
  ): Promise<Result> {
    const control = openAccountControl(redis, appId, clock);
    try {
      return await call(() => work(control));
    } finally {
      void control.close();
    }
  }

  function view(appId: string): Promise<AccountView> {
    return withControl(appId, async (control) => {
      const [overview, token, quotas] = await Promise.all([
        control.overview(),
        tokenHealth(redis, appId, clock.now()),
        readQuotas(redis, appId),
      ]);
      return { ...overview, token, quota: overview.lanes.map((lane) => quotaOf(lane, quotas)) };
    });
  }

  app.get<Route>('/v1/accounts/:appId', { config: { scopes: ['read'] } }, async (request, reply) =>
    reply.send(await view(accountOf(request))),
  );

  for (const action of ['pause', 'resume'] as const) {
    app.post<Route>(
      `/v1/accounts/:appId/${action}`,
      { config: { scopes: ['admin'] } },
      async (request, reply) => {
        const appId = accountOf(request);
        await withControl(appId, (control) => control[action]());
        return reply.send(await view(appId));
      },
    );
  }
}

function quotaOf({ kind, sleep }: LaneOverview, quotas: Quotas): QuotaView {
  const quota = quotas[kind];
  const spentUntil = sleep?.cause === 'quota' ? sleep.until : null;
  if (quota?.kind !== 'told') return { kind, spentUntil };
  const { dailyLimit: limit, used, remain, readAt } = quota;
  return { kind, spentUntil, daily: { limit, used, remain, readAt } };
}
