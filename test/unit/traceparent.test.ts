import fc from 'fast-check';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { openTracing, wishOf } from '../../src/shared/tracing/open-tracing.ts';
import { TRACING_OFF } from '../../src/shared/tracing/span.ts';
import { formatTraceparent, parseTraceparent } from '../../src/shared/tracing/traceparent.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

describe('a traceparent', () => {
  test.each([
    [`00-${TRACE}-${SPAN}-01`, true],
    [`00-${TRACE}-${SPAN}-00`, false],
    [`00-${TRACE}-${SPAN}-03`, true],
    [`01-${TRACE}-${SPAN}-01-more`, true],
  ])('%s is read', (text, sampled) => {
    expect(parseTraceparent(text)).toEqual({ traceId: TRACE, spanId: SPAN, sampled });
  });

  test.each([
    ['nothing', undefined],
    ['no text', { traceparent: 1 }],
    ['an empty text', ''],
    ['another version than one', `ff-${TRACE}-${SPAN}-01`],
    ['more than version 00 has', `00-${TRACE}-${SPAN}-01-more`],
    ['capitals', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['a trace of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['a span of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['two of them', `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`],
  ])('that is %s is none', (_what, text) => {
    expect(parseTraceparent(text)).toBeNull();
  });

  test('that is written is the one that was read', () => {
    const digits = (length: number) =>
      fc
        .string({
          unit: fc.constantFrom(...'0123456789abcdef'),
          minLength: length,
          maxLength: length,
        })
        .filter((text) => !/^0+$/.test(text));
    const point = fc.record({ traceId: digits(32), spanId: digits(16), sampled: fc.boolean() });
    fc.assert(
      fc.property(point, (one) => {
        expect(parseTraceparent(formatTraceparent(one))).toEqual(one);
      }),
    );
  });
});

describe('tracing is', () => {
  const COMMON = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' };

  test.each([
    ['without an endpoint', {}],
    ['with an empty one', { OTEL_EXPORTER_OTLP_ENDPOINT: '' }],
    ['when OpenTelemetry is switched off', { ...COMMON, OTEL_SDK_DISABLED: 'TRUE' }],
    ['when traces go nowhere', { ...COMMON, OTEL_TRACES_EXPORTER: 'none' }],
  ])('off %s', (_when, env) => {
    expect(wishOf(env)).toEqual({ kind: 'off' });
  });

  test.each([
    ['the common endpoint', COMMON, 'http://127.0.0.1:4318/v1/traces'],
    [
      'a common endpoint with a path',
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://c.example.com/otlp/' },
      'https://c.example.com/otlp/v1/traces',
    ],
    [
      'the endpoint of traces, as it is',
      { ...COMMON, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://c.example.com/t' },
      'https://c.example.com/t',
    ],
    [
      'the protocol that is spoken',
      { ...COMMON, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' },
      'http://127.0.0.1:4318/v1/traces',
    ],
  ])('on with %s', (_what, env, url) => {
    expect(wishOf(env)).toEqual({ kind: 'on', url });
  });

  test.each([
    ['a protocol that is not spoken', { ...COMMON, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }],
    ['an address that is none', { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' }],
  ])('off, with a warning and no error, for %s', async (_what, env) => {
    const lines: string[] = [];
    const logger = pino({}, { write: (line: string) => void lines.push(line) });
    expect(await openTracing(env, 'worker', { logger, monotonic: () => 0 })).toBe(TRACING_OFF);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/expected .*"msg":"traces are off"/);
  });
});
