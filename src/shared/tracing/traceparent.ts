/** Where in which trace somebody is: what W3C calls the trace context. */
export interface TracePoint {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  /** Whether whoever began the trace wants it recorded. */
  readonly sampled: boolean;
}

/** Later versions may have more after the fourth field; the first four stay what they are. */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const ZEROS = /^0+$/;

/**
 * Reads a W3C `traceparent`. Null for anything that is none: the trace then begins anew, as the
 * standard says, and no message is refused for it.
 */
export function parseTraceparent(text: unknown): TracePoint | null {
  if (typeof text !== 'string') return null;
  const [, version, traceId, spanId, flags, more] = TRACEPARENT.exec(text) ?? [];
  if (version === undefined || traceId === undefined || spanId === undefined) return null;
  if (version === 'ff' || (version === '00' && more !== undefined)) return null;
  if (ZEROS.test(traceId) || ZEROS.test(spanId)) return null;
  return { traceId, spanId, sampled: (Number.parseInt(flags ?? '', 16) & 1) === 1 };
}

export function formatTraceparent({ traceId, spanId, sampled }: TracePoint): string {
  return `00-${traceId}-${spanId}-0${sampled ? 1 : 0}`;
}
