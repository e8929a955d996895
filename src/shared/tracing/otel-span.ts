import {
  type Context,
  type Span as OtelSpan,
  SpanKind as OtelKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import type { Span, SpanAttributes, SpanKind } from './span.ts';
import { formatTraceparent } from './traceparent.ts';

const KINDS: Readonly<Record<SpanKind, OtelKind>> = {
  server: OtelKind.SERVER,
  client: OtelKind.CLIENT,
  producer: OtelKind.PRODUCER,
  consumer: OtelKind.CONSUMER,
  internal: OtelKind.INTERNAL,
};

/** The sampled flag: the lowest bit. */
const SAMPLED = 1;

/** A span of ours as a span of OpenTelemetry, below whatever `context` says. */
export function beginSpan(
  tracer: Tracer,
  context: Context,
  name: string,
  kind: SpanKind,
  attributes: SpanAttributes = {},
): Span {
  const options = { kind: KINDS[kind], attributes: { ...attributes } };
  const span = tracer.startSpan(name, options, context);
  const { traceId } = span.spanContext();
  return {
    traceId,
    traceparent: traceparentOf(span),
    child: (childName, childKind, childAttributes) =>
      beginSpan(tracer, trace.setSpan(context, span), childName, childKind, childAttributes),
    set: (more) => void span.setAttributes({ ...more }),
    fail: (why) => void span.setStatus({ code: SpanStatusCode.ERROR, message: why }),
    end: () => span.end(),
  };
}

export function traceparentOf(span: OtelSpan): string {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return formatTraceparent({ traceId, spanId, sampled: (traceFlags & SAMPLED) === SAMPLED });
}
