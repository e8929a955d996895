/**
 * What may stand on a span. Chosen one by one where a span is made: never an openid, a token, a
 * secret, a query, a text of WeChat's or of the caller's, nor a caught error.
 */
export type SpanAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

export type SpanKind = 'server' | 'client' | 'producer' | 'consumer' | 'internal';

/** One step on a message's way, as it is drawn in a trace. */
export interface Span {
  /** For log lines; undefined while nothing is traced. */
  readonly traceId: string | undefined;
  /** With this, whoever has the message next goes on from here; undefined as `traceId`. */
  readonly traceparent: string | undefined;
  child(name: string, kind: SpanKind, attributes?: SpanAttributes): Span;
  set(attributes: SpanAttributes): void;
  /** It went wrong. `why` is a word of ours or a code. */
  fail(why: string): void;
  end(): void;
}

/** Makes the first span of what a process does with a message. */
export interface Tracing {
  readonly isOn: boolean;
  /**
   * @param traceparent of whoever had the message before; without one a trace begins here. If
   * that one is not sampled, nothing is recorded.
   */
  begin(
    name: string,
    kind: SpanKind,
    traceparent: string | undefined,
    attributes?: SpanAttributes,
  ): Span;
  /** Sends what is left, for as long as it may take; what then is left is lost. Never rejects. */
  stop(withinMs: number): Promise<void>;
}

/** While nothing is traced this stands wherever a span would, and does nothing. */
export const NO_SPAN: Span = Object.freeze({
  traceId: undefined,
  traceparent: undefined,
  child: () => NO_SPAN,
  set: () => undefined,
  fail: () => undefined,
  end: () => undefined,
});

export const TRACING_OFF: Tracing = Object.freeze({
  isOn: false,
  begin: () => NO_SPAN,
  stop: () => Promise.resolve(),
});
