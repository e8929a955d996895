import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { BatchResult, EnvelopeInput, Producer } from '../../producer/index.ts';
import { CourierError } from '../../shared/errors.ts';
import { expectedGot } from '../../shared/issue.ts';
import { batched } from '../../shared/batch.ts';
import { parseMessageId } from '../../shared/message/message-id.ts';
import { MESSAGE_BYTES } from '../../shared/message/text.ts';
import { KINDS, type Kind } from '../../shared/outcome.ts';
import { activeTraceparent, outsideOfTraces } from '../../shared/tracing/caller-span.ts';
import type { ApiKey } from '../keys/api-key.ts';
import type { EnqueueResult, IngestMetrics } from '../metrics.ts';
import { requireAccount, requireScope } from '../permission.ts';
import {
  HttpError,
  problemOfCourier,
  problemOfHttp,
  type Problem,
  sendProblem,
} from '../problem.ts';

/** 1 MB as most people count it, and a little more. */
export const BATCH_BYTES = 1_048_576;
export const BATCH_ITEMS = 500;

/** What a Redis that does not answer may cost those that come later. */
const GATHER_MS = 10;

const SEND_SCOPES = ['send:template', 'send:custom'] as const;

type Rejected = Extract<BatchResult, { status: 'rejected' }>;

/** One item's answer in a batch. */
interface ItemResult {
  /** As if the item had been posted alone. */
  readonly status: number;
  readonly messageId?: string;
  readonly code?: string;
  readonly detail?: string;
  readonly issues?: Problem['issues'];
}

/** Sending, looking up and cancelling messages. */
export function messageRoutes(
  app: FastifyInstance,
  producer: Producer,
  metrics: IngestMetrics,
): void {
  // Requests travel to Redis together: those that come while others are on their way wait for them.
  const enqueue = batched(
    (envelopes: readonly EnvelopeInput[]) => outsideOfTraces(() => producer.enqueueMany(envelopes)),
    { maxSize: BATCH_ITEMS, gatherMs: GATHER_MS },
  );

  app.post(
    '/v1/messages',
    { bodyLimit: MESSAGE_BYTES, config: { scopes: SEND_SCOPES } },
    async (request, reply) => {
      try {
        checkPermission(request.apiKey, request.body);
      } catch (error) {
        metrics.enqueued(request.body, 'refused');
        throw error;
      }
      // What it is made of is checked by the producer.
      const result = await enqueue(inTrace(request, request.body) as EnvelopeInput);
      metrics.enqueued(request.body, enqueueResult(result));
      if (result.status === 'rejected') {
        return sendProblem(reply, problemOf(result), result.retryAfterMs);
      }
      request.messageId = result.messageId;
      return reply.code(statusOf(result)).send(result);
    },
  );

  app.post(
    '/v1/messages/batch',
    { bodyLimit: BATCH_BYTES, config: { scopes: SEND_SCOPES } },
    async (request, reply) => {
      const items = itemsOf(request.body);
      const refusals = items.map((item) => refusalOf(request.apiKey, item));
      const allowed = items
        .filter((_, index) => refusals[index] === null)
        .map((item) => inTrace(request, item));
      const enqueued = await producer.enqueueMany(allowed as EnvelopeInput[]);
      let next = 0;
      const results = items.map((item, index) => {
        const result = refusals[index] ?? enqueued[next++]!;
        metrics.enqueued(item, enqueueResult(result));
        return isItemResult(result) ? result : itemResult(result);
      });
      const unavailable = nothingTaken(enqueued);
      if (unavailable) return sendProblem(reply, problemOf(unavailable), unavailable.retryAfterMs);
      return reply.code(207).send({ results });
    },
  );

  app.get<{ Params: { messageId: string } }>(
    '/v1/messages/:messageId',
    { config: { scopes: ['read'] } },
    async (request, reply) => {
      const { messageId } = request.params;
      requireOwn(request.apiKey, messageId);
      const status = await producer.status(messageId);
      if (!status) throw unknownMessage(messageId);
      return reply.send(status);
    },
  );

  app.delete<{ Params: { messageId: string } }>(
    '/v1/messages/:messageId',
    { config: { scopes: SEND_SCOPES } },
    async (request, reply) => {
      const { messageId } = request.params;
      requireOwn(request.apiKey, messageId);
      const status = await producer.status(messageId);
      if (!status) throw unknownMessage(messageId);
      requireScope(request.apiKey, [`send:${status.kind}`]);
      request.messageId = messageId;
      if (await producer.cancel(messageId)) return reply.send({ cancelled: true });
      const { state } = (await producer.status(messageId)) ?? status;
      throw new HttpError(
        'ERR_NOT_CANCELLABLE',
        `Expected a message that still waits, got one that is ${state}: it is being, was or may ` +
          'have been sent, or has ended.',
      );
    },
  );
}

/**
 * A message without a trace of its own goes on in that of its request, or of whoever sent it if
 * requests are not traced: the workers may be.
 */
function inTrace({ span, headers }: FastifyRequest, item: unknown): unknown {
  const traceparent = span?.traceparent ?? activeTraceparent() ?? headers['traceparent'];
  if (typeof traceparent !== 'string' || typeof item !== 'object' || item === null) return item;
  return Array.isArray(item) ? item : { traceparent, ...item };
}

/** As far as the body says whose message of which kind it is; the rest is the producer's to say. */
function checkPermission(key: ApiKey, body: unknown): void {
  if (typeof body !== 'object' || body === null) return;
  const { appId, kind } = body as Record<string, unknown>;
  const known: Kind | undefined = KINDS.find((name) => name === kind);
  if (known) requireScope(key, [`send:${known}`]);
  if (typeof appId === 'string') requireAccount(key, appId);
}

function refusalOf(key: ApiKey, item: unknown): ItemResult | null {
  try {
    checkPermission(key, item);
  } catch (error) {
    if (error instanceof HttpError) return itemProblem(problemOfHttp(error));
    throw error;
  }
  const bytes = Buffer.byteLength(JSON.stringify(item));
  if (bytes <= MESSAGE_BYTES) return null;
  const detail = `expected at most ${MESSAGE_BYTES} bytes a message, got ${bytes}`;
  return itemProblem(problemOfHttp({ code: 'ERR_TOO_LARGE', message: detail }));
}

/** @throws CourierError `ERR_INVALID_MESSAGE` */
function itemsOf(body: unknown): readonly unknown[] {
  const { messages, ...others } = Object(body) as Record<string, unknown>;
  const [other] = Object.keys(others);
  if (other !== undefined && !Array.isArray(body))
    throw invalidBatch(`/${other}`, 'no such field', others[other]);
  if (!Array.isArray(messages)) throw invalidBatch('/messages', 'a list of envelopes', messages);
  if (messages.length === 0 || messages.length > BATCH_ITEMS) {
    throw invalidBatch('/messages', `1 to ${BATCH_ITEMS} envelopes`, messages);
  }
  return messages;
}

function invalidBatch(path: string, expected: string, value: unknown): CourierError {
  const reason = expectedGot(expected, value);
  return new CourierError('ERR_INVALID_MESSAGE', `${path}: ${reason}`, {
    issues: [{ path, reason }],
  });
}

/** Redis took none of it: then the whole call is to be repeated. */
function nothingTaken(results: readonly BatchResult[]): Rejected | undefined {
  if (results.some(({ status }) => status !== 'rejected')) return undefined;
  return results.find(
    (result): result is Rejected => 'code' in result && result.code === 'ERR_QUEUE_UNAVAILABLE',
  );
}

function isItemResult(result: BatchResult | ItemResult): result is ItemResult {
  return typeof result.status === 'number';
}

function enqueueResult(result: BatchResult | ItemResult): EnqueueResult {
  if (isItemResult(result)) return 'refused';
  if (result.status !== 'rejected') return result.status;
  return result.code === 'ERR_ID_CONFLICT' ? 'conflict' : 'refused';
}

function itemResult(result: BatchResult): ItemResult {
  if (result.status === 'rejected') return itemProblem(problemOf(result));
  return { status: statusOf(result), messageId: result.messageId };
}

function itemProblem({ status, code, detail, issues }: Problem): ItemResult {
  return { status, code, detail, ...(issues && { issues }) };
}

function problemOf({ code, message, issues = [] }: Rejected): Problem {
  return problemOfCourier({ code, message, issues });
}

function statusOf({ status }: { status: 'queued' | 'duplicate' }): number {
  return status === 'queued' ? 202 : 200;
}

/** @throws HttpError `ERR_FORBIDDEN`; a text that is no message id is nobody's */
function requireOwn(key: ApiKey, messageId: string): void {
  const parts = parseMessageId(messageId);
  if (parts) requireAccount(key, parts.appId);
}

function unknownMessage(messageId: string): CourierError {
  return new CourierError(
    'ERR_UNKNOWN_MESSAGE',
    `Expected the id of a message that is known, got ${messageId.slice(0, 100)}. A message is ` +
      'forgotten some days after its end (COURIER_LEDGER_TTL_HOURS).',
  );
}
