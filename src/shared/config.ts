import { isIP } from 'node:net';
import { z } from 'zod';
import { CourierError, type Issue } from './errors.ts';
import { shown } from './issue.ts';
import { nearestName } from './nearest-name.ts';
import { parseRedisUrl, redactUrl } from './redis-url.ts';
import { checkRelations, TIMINGS } from './timings.ts';

/** One environment variable, as the documentation lists it. */
export interface Variable {
  readonly name: string;
  /** What an unset or empty variable stands for; undefined if that is nothing. */
  readonly default: string | undefined;
  readonly meaning: string;
  /** What may be shown of a value; the default shows all of it. */
  readonly show?: (value: string) => string;
}

const variables = z.registry<Variable>();

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

const redisUrl = z.string().superRefine((url, context) => {
  try {
    parseRedisUrl(url);
  } catch (error) {
    const reason = error instanceof CourierError ? error.issues[0]?.reason : undefined;
    context.addIssue({ code: 'custom', message: reason ?? 'expected an address of Redis' });
  }
});

const OUTBOX_FORMS =
  'expected postgresql://user:password@host/database or mysql://user:password@host/database';

/** Everything the environment can set; the messages are what follows "expected". */
const configSchema = z.object({
  redisUrl: redisUrl.register(variables, {
    name: 'REDIS_URL',
    default: 'redis://127.0.0.1:6379/0',
    meaning:
      'Redis ≥ 6.2 or Valkey; `rediss://` for TLS, `redis+cluster://h:p,h:p` for a cluster, ' +
      '`redis+sentinel://h:p,h:p/name` for Sentinel',
    show: redactUrl,
  }),
  accountsFile: path('COURIER_ACCOUNTS_FILE', './accounts.json', 'the accounts'),
  apiKeysFile: path('COURIER_API_KEYS_FILE', './api-keys.json', 'hashed keys of the ingest API'),
  dashboardUsersFile: path(
    'COURIER_DASHBOARD_USERS_FILE',
    './dashboard-users.json',
    'users of the dashboard, their password hashes and roles',
  ),
  trustedProxies: z
    .string()
    .transform((list) => list.split(',').map((one) => one.trim()))
    .refine(
      (list) => list.every(isAddressOrRange),
      'IP addresses or CIDR ranges with commas between them, as 10.0.0.5,172.16.0.0/12',
    )
    .default([])
    .register(variables, {
      name: 'COURIER_DASHBOARD_TRUSTED_PROXIES',
      default: undefined,
      meaning:
        'proxies in front of the dashboard, as `10.0.0.5,172.16.0.0/12`: whose `X-Forwarded-For` ' +
        'and `X-Forwarded-Proto` it believes',
    }),
  concurrency: integer(1, 2000).register(variables, {
    name: 'COURIER_CONCURRENCY',
    default: '50',
    meaning: 'sends in flight per lane and process',
  }),
  host: z
    .string()
    .regex(/^[0-9A-Za-z.:_-]+$/, 'a host name or an IP address')
    .register(variables, {
      name: 'COURIER_HOST',
      default: '127.0.0.1',
      meaning: 'listen address of every HTTP server',
    }),
  ingestPort: port('COURIER_INGEST_PORT', 8080, 'port of the ingest API'),
  callbackPort: port('COURIER_CALLBACK_PORT', 8081, 'port that WeChat calls'),
  dashboardPort: port('COURIER_DASHBOARD_PORT', 8082, 'port of the dashboard'),
  metricsPort: port(
    'COURIER_METRICS_PORT',
    9464,
    'port of the health and metrics of worker, dashboard and outbox',
  ),
  ingestRate: integer(1, 1_000_000).register(variables, {
    name: 'COURIER_INGEST_RATE',
    default: '500',
    meaning: 'requests a second that one key of the ingest API may make; 429 above',
  }),
  outboxUrl: z
    .string()
    .regex(/^(?:postgres(?:ql)?|mysql|mariadb):\/\/./, OUTBOX_FORMS)
    .optional()
    .register(variables, {
      name: 'COURIER_OUTBOX_URL',
      default: undefined,
      meaning:
        'database with the outbox: `postgresql://…` or `mysql://…`; needed by the relay only',
      show: redactUrl,
    }),
  outboxTable: z
    .string()
    .regex(/^[A-Za-z_]\w{0,62}(?:\.[A-Za-z_]\w{0,62})?$/, 'the name of a table, or schema.table')
    .register(variables, {
      name: 'COURIER_OUTBOX_TABLE',
      default: 'courier_outbox',
      meaning: 'table of the outbox',
    }),
  shutdownGraceMs: integer(0, 600_000).register(variables, {
    name: 'COURIER_SHUTDOWN_GRACE_MS',
    default: '15000',
    meaning: 'how long a stopping process may finish what it began, in milliseconds',
  }),
  quotaMinutes: integer(0, 1440).register(variables, {
    name: 'COURIER_QUOTA_MINUTES',
    default: '10',
    meaning:
      'how often WeChat is asked what is left of an account’s daily quotas, in minutes; 0: never',
  }),
  ledgerTtlHours: integer(1, 8_760).register(variables, {
    name: 'COURIER_LEDGER_TTL_HOURS',
    default: '72',
    meaning: 'how long an id stays known after its message ended',
  }),
  searchIndex: z
    .enum(['0', '1'], '1 or 0')
    .transform((value) => value === '1')
    .register(variables, {
      name: 'COURIER_SEARCH_INDEX',
      default: '1',
      meaning:
        '`0` saves some 50 bytes of Redis a message, which is then not found by openid or msgid; ' +
        'the same in every process',
    }),
  allowVolatileRedis: z
    .enum(['0', '1'], '1 or 0')
    .transform((value) => value === '1')
    .register(variables, {
      name: 'COURIER_ALLOW_VOLATILE_REDIS',
      default: '0',
      meaning: '`1` lets it run on a Redis without persistence',
    }),
  logLevel: z.enum(LOG_LEVELS, `one of ${LOG_LEVELS.join(', ')}`).register(variables, {
    name: 'LOG_LEVEL',
    default: 'info',
    meaning: `how much is logged: ${LOG_LEVELS.join(', ')}`,
  }),
});

/** The checked settings of a process, with what is odd about the environment. */
export type Config = Readonly<z.output<typeof configSchema>> & {
  /** One line per `COURIER_…` variable that nobody reads; for the log, not a reason to stop. */
  readonly warnings: readonly string[];
};

type Environment = Readonly<Record<string, string | undefined>>;

const SETTINGS = Object.entries(configSchema.shape).map(([key, schema]) => {
  const variable = variables.get(schema);
  if (!variable) throw new Error(`${key} has no variable`);
  return { key, variable };
});

/** The variables in the order of the documentation. */
export const VARIABLES: readonly Variable[] = SETTINGS.map(({ variable }) => variable);

/** Variables of the simulator, the demo, tests and benchmarks are read elsewhere. */
const READ_ELSEWHERE = /^COURIER_(?:SIMULATOR|DEMO|TEST|BENCH)_/;

/**
 * The settings from the environment; an empty variable counts as unset.
 *
 * @throws CourierError `ERR_CONFIG`: one line with the first thing wrong, all in `issues`
 */
export function loadConfig(env: Environment): Config {
  const settings = parseSettings(configSchema, env);
  checkRelations({ ...TIMINGS, shutdownGraceMs: settings.shutdownGraceMs });
  return Object.freeze({ ...settings, warnings: Object.freeze(warningsOf(env)) });
}

const producerSchema = configSchema.pick({
  redisUrl: true,
  accountsFile: true,
  ledgerTtlHours: true,
  searchIndex: true,
});

/**
 * The few settings a producer uses. It is a guest in somebody else's process, whose other
 * variables are none of its business.
 *
 * @throws CourierError `ERR_CONFIG`, as {@link loadConfig}
 */
export function loadProducerSettings(env: Environment): z.output<typeof producerSchema> {
  return parseSettings(producerSchema, env);
}

function parseSettings<Schema extends z.ZodObject>(
  schema: Schema,
  env: Environment,
): z.output<Schema> {
  const values = Object.fromEntries(
    SETTINGS.map(({ key, variable }) => [key, env[variable.name] || variable.default]),
  );
  const parsed = schema.safeParse(values);
  if (parsed.success) return parsed.data;
  throw configError(parsed.error.issues.map((issue) => issueOf(issue, values)));
}

/** The settings by variable name, as the log shows them at the start: nothing secret. */
export function printableConfig(config: Config): Record<string, unknown> {
  return Object.fromEntries(
    SETTINGS.map(({ key, variable }) => {
      const value = (config as Readonly<Record<string, unknown>>)[key];
      const isShortened = variable.show && typeof value === 'string';
      return [variable.name, isShortened ? variable.show(value) : value];
    }),
  );
}

function issueOf(issue: z.core.$ZodIssue, values: Record<string, string | undefined>): Issue {
  const setting = SETTINGS.find(({ key }) => key === issue.path[0]);
  if (!setting) return { path: '', reason: issue.message };
  const path = `/${setting.variable.name}`;
  if (setting.variable.show) return { path, reason: issue.message };
  return { path, reason: `expected ${issue.message}, got ${shown(values[setting.key])}` };
}

function configError(issues: readonly Issue[]): CourierError {
  const [first] = issues;
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  const text = `${first?.path.slice(1)}: ${first?.reason}${more}`;
  return new CourierError('ERR_CONFIG', text, { issues });
}

function warningsOf(env: Environment): string[] {
  const known = VARIABLES.map(({ name }) => name);
  return Object.keys(env)
    .filter((name) => name.startsWith('COURIER_') && !known.includes(name))
    .filter((name) => !READ_ELSEWHERE.test(name))
    .map((name) => {
      const nearest = nearestName(name, known);
      return `${name} is not a setting${nearest ? `; did you mean ${nearest}?` : ''}`;
    });
}

function isAddressOrRange(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/');
  const version = address.includes('%') ? 0 : isIP(address);
  if (version === 0 || more.length > 0) return false;
  if (bits === undefined) return true;
  const most = version === 4 ? 32 : 128;
  return /^\d{1,3}$/.test(bits) && Number(bits) >= 1 && Number(bits) <= most;
}

function integer(least: number, most: number) {
  const range = `an integer from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, range)
    .transform(Number)
    .refine((value) => value >= least && value <= most, range);
}

function port(name: string, standard: number, meaning: string) {
  return integer(0, 65_535).register(variables, {
    name,
    default: String(standard),
    meaning: `${meaning}; 0 = any free port`,
  });
}

function path(name: string, standard: string, meaning: string) {
  return z.string().register(variables, { name, default: standard, meaning });
}
