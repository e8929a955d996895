import { context, isSpanContextValid, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { NO_SPAN, type Span, type SpanAttributes } from './span.ts';
import { beginSpan, traceparentOf } from './otel-span.ts';

/*
 * The OpenTelemetry of a process that is not ours: its SDK, if it has one, and whatever span is
 * active there. Without an SDK all of this is a look at an empty variable.
 */

/** Where the caller is in its own trace; undefined if it is in none. */
export function activeTraceparent(): string | undefined {
  const span = trace.getActiveSpan();
  return span && isSpanContextValid(span.spanContext()) ? traceparentOf(span) : undefined;
}

/** A span below the caller's, recorded by the caller's SDK. Never the first of a trace. */
export function beginBelowCaller(name: string, attributes: SpanAttributes): Span {
  if (activeTraceparent() === undefined) return NO_SPAN;
  const tracer = trace.getTracer('wechat-courier');
  return beginSpan(tracer, context.active(), name, 'producer', attributes);
}

/** Runs work that belongs to many callers at once, and so to none of their traces. */
export function outsideOfTraces<Result>(work: () => Result): Result {
  return context.with(ROOT_CONTEXT, work);
}
