import { ROOT_CONTEXT, trace, TraceFlags } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  type SpanExporter,
} from '@opentelemetry/sdk-trace-base';
import { version } from '../version.ts';
import { beginSpan } from './otel-span.ts';
import type { Tracing } from './span.ts';
import { parseTraceparent } from './traceparent.ts';

/*
 * OpenTelemetry's SDK, and the only file that loads it. It is not registered with the API: the
 * spans are handed on by our own code, so nothing else in the process is traced by accident.
 * Sampler, batches, headers and the rest come from OpenTelemetry's own environment variables.
 */

export interface OtlpOptions {
  /** Where the spans go, with its path. */
  readonly url: string;
  /** Unless `OTEL_SERVICE_NAME` says another. */
  readonly serviceName: string;
  /** The collector did not take a batch: it is lost. */
  readonly onLost: (spans: number, error: Error | undefined) => void;
}

export function openOtlp({ url, serviceName, onLost }: OtlpOptions): Tracing {
  const exporter = watched(new OTLPTraceExporter({ url }), onLost);
  const provider = new BasicTracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': serviceName, 'service.version': version() }))
      .merge(detectResources({ detectors: [envDetector] })),
    // Bounded: what finds the queue full is dropped, nobody waits.
    spanProcessors: [new BatchSpanProcessor(exporter)],
  });
  const tracer = provider.getTracer('wechat-courier', version());
  return {
    isOn: true,
    begin(name, kind, traceparent, attributes) {
      return beginSpan(tracer, contextOf(traceparent), name, kind, attributes);
    },
    async stop(withinMs) {
      const enough = new Promise<void>((resolve) => setTimeout(resolve, withinMs).unref());
      await Promise.race([provider.shutdown().catch(() => undefined), enough]);
    },
  };
}

function contextOf(traceparent: string | undefined) {
  const point = parseTraceparent(traceparent);
  if (!point) return ROOT_CONTEXT;
  const { traceId, spanId, sampled } = point;
  const traceFlags = sampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}

function watched(exporter: SpanExporter, onLost: OtlpOptions['onLost']): SpanExporter {
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        if (result.code !== 0) onLost(spans.length, result.error);
        done(result);
      });
    },
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
    shutdown: () => exporter.shutdown(),
  };
}
