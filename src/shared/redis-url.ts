import { CourierError } from './errors.ts';
import { Secret } from './secret.ts';

/** A host and a port of Redis, or of a Sentinel. */
export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

interface RedisAccess {
  readonly tls: boolean;
  readonly username?: string;
  readonly password?: Secret;
}

/** Where Redis is, in the three ways it can be run. */
export type RedisTarget =
  | (RedisAccess & RedisNode & { readonly kind: 'single'; readonly db: number })
  | (RedisAccess & { readonly kind: 'cluster'; readonly nodes: readonly RedisNode[] })
  | (RedisAccess & {
      readonly kind: 'sentinel';
      readonly nodes: readonly RedisNode[];
      /** Name of the primary that the Sentinels watch. */
      readonly name: string;
      readonly db: number;
    });

const FORMS =
  'redis://host:port/db, rediss://… for TLS, redis+cluster://h:p,h:p or redis+sentinel://h:p,h:p/name';

const URL_PARTS =
  /^redis(s?)(?:\+(cluster|sentinel))?:\/\/(?:(.*)@)?([^@/?#\s]+)(?:\/([^?#\s]*))?$/;
const NODE = /^(\[[0-9A-Fa-f:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/;

const REDIS_PORT = 6379;
const SENTINEL_PORT = 26_379;

/**
 * Reads `REDIS_URL`. User and password stand before an `@`, percent-encoded where needed.
 *
 * @throws CourierError `ERR_CONFIG`, never with the password in it
 */
export function parseRedisUrl(url: string): RedisTarget {
  const parts = URL_PARTS.exec(url);
  if (!parts) throw notAUrl(url);
  const [, tls, kind, credentials, hosts = '', path = ''] = parts;
  const access = { tls: tls === 's', ...accessOf(url, credentials) };
  const port = kind === 'sentinel' ? SENTINEL_PORT : REDIS_PORT;
  const nodes = hosts.split(',').map((text) => nodeOf(url, text, port));
  if (kind === 'cluster') {
    if (path !== '' && path !== '0') throw notAUrl(url, 'a cluster has only database 0');
    return Object.freeze({ kind, ...access, nodes });
  }
  if (kind === 'sentinel') {
    const [name = '', db = '', ...rest] = path.split('/');
    if (name === '' || rest.length > 0) throw notAUrl(url, 'the primary’s name must follow');
    return Object.freeze({ kind, ...access, nodes, name: decoded(url, name), db: dbOf(url, db) });
  }
  const [node, ...others] = nodes;
  if (!node || others.length > 0) throw notAUrl(url, 'several hosts need redis+cluster://');
  return Object.freeze({ kind: 'single', ...access, ...node, db: dbOf(url, path) });
}

/** The URL as logs may show it: without user, password and query. */
export function redactUrl(url: string): string {
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(url)?.[0];
  if (scheme === undefined) return '***';
  const [rest = ''] = url.slice(scheme.length).split('?');
  const at = rest.lastIndexOf('@');
  return at < 0 ? scheme + rest : `${scheme}***@${rest.slice(at + 1)}`;
}

function accessOf(url: string, credentials: string | undefined) {
  if (credentials === undefined) return {};
  const colon = credentials.indexOf(':');
  const username = decoded(url, colon < 0 ? credentials : credentials.slice(0, colon));
  const password = colon < 0 ? '' : decoded(url, credentials.slice(colon + 1));
  return {
    ...(username !== '' && { username }),
    ...(password !== '' && { password: new Secret(password) }),
  };
}

function nodeOf(url: string, text: string, defaultPort: number): RedisNode {
  const [, host, port] = NODE.exec(text) ?? [];
  const number = port === undefined ? defaultPort : Number(port);
  if (host === undefined || number < 1 || number > 65_535)
    throw notAUrl(url, 'host or port is off');
  return Object.freeze({ host: host.replace(/^\[|\]$/g, ''), port: number });
}

function dbOf(url: string, text: string): number {
  if (!/^\d{0,4}$/.test(text)) throw notAUrl(url, 'the database must be a number');
  return Number(text);
}

function decoded(url: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw notAUrl(url, 'a "%" is not followed by two hexadecimal digits');
  }
}

function notAUrl(url: string, why?: string): CourierError {
  const reason = `expected ${FORMS}, got "${redactUrl(url)}"${why ? `: ${why}` : ''}`;
  return new CourierError('ERR_CONFIG', `REDIS_URL: ${reason}`, {
    issues: [{ path: '/REDIS_URL', reason }],
  });
}
