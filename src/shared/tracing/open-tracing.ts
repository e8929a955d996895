import { messageOf } from '../errors.ts';
import { scrub, type Logger } from '../logger.ts';
import { type Tracing, TRACING_OFF } from './span.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** One line for a collector that stays away. */
const QUIET_MS = 60_000;

/**
 * Tracing as OpenTelemetry's environment variables ask for it. Without an endpoint there is none,
 * and nothing of the SDK is loaded. Variables that make no sense are a line in the log and no
 * traces, never a reason not to send messages.
 *
 * @param role names the service, unless `OTEL_SERVICE_NAME` does
 */
export async function openTracing(
  env: Environment,
  role: string,
  { logger, monotonic }: { readonly logger: Logger; readonly monotonic: () => number },
): Promise<Tracing> {
  const wish = wishOf(env);
  if (wish.kind === 'off') return TRACING_OFF;
  if (wish.kind === 'mistake') {
    logger.warn({ detail: wish.detail }, 'traces are off');
    return TRACING_OFF;
  }
  const { openOtlp } = await import('./otlp.ts');
  let quietUntil = Number.NEGATIVE_INFINITY;
  const tracing = openOtlp({
    url: wish.url,
    serviceName: role === 'all' ? 'wechat-courier' : `wechat-courier-${role}`,
    onLost(spans, error) {
      if (monotonic() < quietUntil) return;
      quietUntil = monotonic() + QUIET_MS;
      logger.warn({ spans, detail: reasonOf(error) }, 'traces are lost');
    },
  });
  // The path of some collectors is a password.
  logger.info({ collector: new URL(wish.url).host }, 'traces are on');
  return tracing;
}

type Wish =
  | { readonly kind: 'off' }
  | { readonly kind: 'on'; readonly url: string }
  | { readonly kind: 'mistake'; readonly detail: string };

/** What the environment wants. An empty variable counts as unset. */
export function wishOf(env: Environment): Wish {
  const own = env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'];
  const common = env['OTEL_EXPORTER_OTLP_ENDPOINT'];
  if (!own && !common) return { kind: 'off' };
  if (env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true') return { kind: 'off' };
  if (!(env['OTEL_TRACES_EXPORTER'] || 'otlp').split(',').includes('otlp')) return { kind: 'off' };
  const [name, text] = own
    ? ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', own]
    : ['OTEL_EXPORTER_OTLP_ENDPOINT', `${common?.replace(/\/+$/, '')}/v1/traces`];
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) {
    return { kind: 'mistake', detail: `${name}: expected an address that begins with http(s)://` };
  }
  const protocol =
    env['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'] || env['OTEL_EXPORTER_OTLP_PROTOCOL'] || SPOKEN;
  if (protocol !== SPOKEN) {
    const detail =
      `OTEL_EXPORTER_OTLP_PROTOCOL: expected ${SPOKEN}, got ${protocol.slice(0, 40)}. ` +
      'Every collector takes it, mostly on port 4318.';
    return { kind: 'mistake', detail };
  }
  return { kind: 'on', url: text };
}

const SPOKEN = 'http/protobuf';

/** Of several addresses that were tried, the text is with the first. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  return error === undefined ? 'no reason given' : scrub(messageOf(error)).slice(0, 200);
}
