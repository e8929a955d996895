import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A span as it came over the wire. */
export interface TakenSpan {
  readonly service: string;
  readonly name: string;
  readonly kind: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** Of a span that went wrong. */
  readonly failure: string | undefined;
  readonly events: number;
  readonly links: number;
}

export interface Collector {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly url: string;
  readonly spans: readonly TakenSpan[];
  /** All that ever came: bodies as they were, and headers. */
  bytes(): string;
  stop(): Promise<void>;
}

/** A collector that takes OTLP over HTTP with protobuf, as any of them does, on a port of its own. */
export async function startCollector(
  answer: (response: ServerResponse) => void = (response) => void response.writeHead(200).end(),
): Promise<Collector> {
  const spans: TakenSpan[] = [];
  const raw: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      raw.push(`${request.method} ${request.url}`, ...request.rawHeaders, body.toString('latin1'));
      if (request.url === '/v1/traces') spans.push(...spansOf(body));
      answer(response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    bytes: () => raw.join('\n'),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const KINDS = ['', 'internal', 'server', 'client', 'producer', 'consumer'];

/* Numbers of fields: opentelemetry-proto, trace/v1/trace.proto and common/v1/common.proto. */

function spansOf(body: Buffer): TakenSpan[] {
  return messages(body, 1).flatMap((resourceSpans) => {
    const resource = attributesOf(messages(resourceSpans, 1).flatMap((one) => messages(one, 1)));
    const service = String(resource['service.name']);
    return messages(resourceSpans, 2)
      .flatMap((scope) => messages(scope, 2))
      .map((span) => spanOf(service, span));
  });
}

function spanOf(service: string, span: Buffer): TakenSpan {
  const hex = (field: number) => messages(span, field)[0]?.toString('hex') ?? '';
  const [status] = messages(span, 15);
  const failed = status !== undefined && numbers(status, 3)[0] === 2;
  return {
    service,
    name: text(span, 5),
    kind: KINDS[numbers(span, 6)[0] ?? 0] ?? '',
    traceId: hex(1),
    spanId: hex(2),
    parentId: hex(4),
    attributes: attributesOf(messages(span, 9)),
    failure: failed ? text(status, 2) : undefined,
    events: messages(span, 11).length,
    links: messages(span, 13).length,
  };
}

function attributesOf(pairs: readonly Buffer[]): Record<string, string | number | boolean> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [value = Buffer.alloc(0)] = messages(pair, 2);
      const [number] = numbers(value, 3);
      return [text(pair, 1), number ?? text(value, 1)];
    }),
  );
}

function text(message: Buffer, field: number): string {
  return messages(message, field)[0]?.toString('utf8') ?? '';
}

function messages(message: Buffer, field: number): Buffer[] {
  return fieldsOf(message).flatMap(([number, value]) =>
    number === field && Buffer.isBuffer(value) ? [value] : [],
  );
}

function numbers(message: Buffer, field: number): number[] {
  return fieldsOf(message).flatMap(([number, value]) =>
    number === field && typeof value === 'number' ? [value] : [],
  );
}

/** Protocol Buffers' wire format: a key that says field and type, then the value. */
function fieldsOf(message: Buffer): [number, Buffer | number][] {
  const fields: [number, Buffer | number][] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = message[at++] ?? 0;
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  const bytes = (length: number) => message.subarray(at, (at += length));
  while (at < message.length) {
    const key = varint();
    const field = Math.floor(key / 8);
    switch (key % 8) {
      case 0:
        fields.push([field, varint()]);
        break;
      case 1:
        fields.push([field, bytes(8)]);
        break;
      case 2:
        fields.push([field, bytes(varint())]);
        break;
      case 5:
        fields.push([field, bytes(4)]);
        break;
      default:
        throw new Error(`no protobuf: type ${key % 8} at ${at}`);
    }
  }
  return fields;
}
