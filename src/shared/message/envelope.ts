import { z } from 'zod';
import type { Issue } from '../errors.ts';
import { expectedGot, issuesOf, pointer, shown } from '../issue.ts';
import { KINDS, type Kind } from '../outcome.ts';
import { customControls, customSchema, type CustomMessage } from './custom.ts';
import { accountAppId } from './identifier.ts';
import { epochOf, momentSchema } from './moment.ts';
import { templateControls, templateSchema, type TemplateMessage } from './template.ts';
import { formatTraceparent, parseTraceparent } from '../tracing/traceparent.ts';
import { shownValue } from './shown-value.ts';
import { textIssues } from './text.ts';

export const PRIORITIES = ['high', 'normal', 'low'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** What to do when nobody knows whether WeChat took a customer-service message. */
export const ON_AMBIGUOUS = ['park', 'resend'] as const;
export type OnAmbiguous = (typeof ON_AMBIGUOUS)[number];

/** How far ahead a message may be scheduled. */
export const SCHEDULE_AHEAD_MS = 90 * 24 * 3_600_000;

export type Message = TemplateMessage | CustomMessage;

/** An envelope as callers hand it in; see {@link validateEnvelope} for what must hold. */
export interface EnvelopeInput {
  appId: string;
  kind: Kind;
  /** WeChat's own request body. */
  message: object;
  /** The caller's idempotency key; without it each call is a new message. */
  id?: string;
  /** Default `normal`. */
  priority?: Priority;
  /** ISO 8601 with offset, or epoch milliseconds. Default: now. */
  sendAt?: string | number;
  /** After this the message is not sent any more. Default: never. */
  expiresAt?: string | number;
  /** Customer-service messages only. Default `park`: at most once. */
  onAmbiguous?: OnAmbiguous;
  /**
   * W3C trace context of whoever wrote this, where it is not that of the call; one that cannot be
   * read begins a trace of its own. It says nothing about the message: repetitions may differ.
   */
  traceparent?: string;
}

/** A checked envelope: defaults filled in, times as epoch milliseconds. */
export interface Envelope {
  readonly appId: string;
  readonly kind: Kind;
  /** The very object that was handed in, unknown fields included. */
  readonly message: Message;
  readonly id?: string;
  readonly priority: Priority;
  readonly sendAt?: number;
  readonly expiresAt?: number;
  /** Set for `custom`, absent for `template` (WeChat itself drops repeats of those). */
  readonly onAmbiguous?: OnAmbiguous;
  readonly traceparent?: string;
}

export type EnvelopeResult =
  | { readonly ok: true; readonly envelope: Envelope }
  | { readonly ok: false; readonly issues: Issue[] };

const FIELDS = 'appId, kind, message, id, priority, sendAt, expiresAt, onAmbiguous, traceparent';

/** The envelope without a look into its message. */
export const envelopeSchema = z.strictObject(
  {
    appId: accountAppId,
    kind: z.enum(KINDS, '"template" or "custom"'),
    message: z.looseObject({}, 'an object: WeChat’s own request body'),
    id: z
      .string('a string')
      .regex(/^[\x20-\x7e]{1,128}$/, '1 to 128 printable ASCII characters')
      .optional(),
    priority: z.enum(PRIORITIES, '"high", "normal" or "low"').optional(),
    sendAt: momentSchema.optional(),
    expiresAt: momentSchema.optional(),
    onAmbiguous: z.enum(ON_AMBIGUOUS, '"park" or "resend"').optional(),
    traceparent: z.string('a W3C traceparent as a string').optional(),
  },
  { error: (issue) => (issue.code === 'unrecognized_keys' ? FIELDS : 'an envelope as an object') },
);

const SCHEMAS = { template: templateSchema, custom: customSchema } as const;
const CONTROLS = { template: templateControls, custom: customControls } as const;

/** A person repairs a few at a time, and an answer must not be larger than what it answers. */
const MOST_ISSUES = 20;

/** Shared by all valid messages, so that the hot path allocates nothing. */
const NONE: readonly Issue[] = [];

/** The zod schema of a kind's message, for descriptions of the API. */
export function messageSchema<K extends Kind>(kind: K): (typeof SCHEMAS)[K] {
  return SCHEMAS[kind];
}

/**
 * Checks all that can be known without asking WeChat, so that a mistake is told to the caller
 * at once instead of becoming a dead letter. Never throws, whatever the JSON.
 *
 * @param now epoch milliseconds: `expiresAt` must lie after it
 */
export function validateEnvelope(input: unknown, now: number): EnvelopeResult {
  const parsed = envelopeSchema.safeParse(input);
  const ownIssues = parsed.success
    ? relationIssues(parsed.data, now)
    : issuesOf(parsed.error, input, { show: shownOfEnvelope });
  const { kind, message }: { kind?: unknown; message?: unknown } = isObject(input) ? input : {};
  const known = KINDS.find((name) => name === kind);
  const messages = known && isObject(message) ? messageIssues(known, message, ['message']) : NONE;
  if (parsed.success && ownIssues.length === 0 && messages.length === 0) {
    return { ok: true, envelope: envelopeOf(parsed.data, message as Message) };
  }
  return { ok: false, issues: [...ownIssues, ...messages].slice(0, MOST_ISSUES) };
}

/** A text in place of the envelope or of the message is mostly one of them, written as JSON. */
function shownOfEnvelope(value: unknown, path: readonly PropertyKey[]): string {
  const isMessage = path.length === 0 || path[0] === 'message';
  return isMessage ? shownValue(value, path.slice(1)) : shown(value);
}

/** What is wrong with a message alone, paths starting at the message; empty if all is well. */
export function validateMessage(kind: Kind, message: unknown): Issue[] {
  return messageIssues(kind, message, []).slice(0, MOST_ISSUES);
}

type ParsedEnvelope = z.infer<typeof envelopeSchema>;

function envelopeOf(parsed: ParsedEnvelope, message: Message): Envelope {
  const { appId, kind, id, priority = 'normal', sendAt, expiresAt, onAmbiguous } = parsed;
  const point = parsed.traceparent === undefined ? null : parseTraceparent(parsed.traceparent);
  return {
    appId,
    kind,
    message,
    priority,
    ...(id !== undefined && { id }),
    ...(sendAt !== undefined && { sendAt: epochOf(sendAt) }),
    ...(expiresAt !== undefined && { expiresAt: epochOf(expiresAt) }),
    ...(kind === 'custom' && { onAmbiguous: onAmbiguous ?? 'park' }),
    ...(point && { traceparent: formatTraceparent(point) }),
  };
}

function messageIssues(kind: Kind, message: unknown, base: readonly string[]): readonly Issue[] {
  const texts = textIssues(message, CONTROLS[kind]);
  const parsed = SCHEMAS[kind].safeParse(message);
  if (parsed.success && texts === null) return NONE;
  const shapes = parsed.success ? [] : issuesOf(parsed.error, message, { base, show: shownValue });
  const root = pointer(base);
  const more = (texts ?? []).map(({ path, reason }) => ({ path: root + path, reason }));
  return [...shapes, ...more.filter(({ path }) => !shapes.some((shape) => shape.path === path))];
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What no single field shows: how they fit the clock and each other. */
function relationIssues(parsed: ParsedEnvelope, now: number): Issue[] {
  const { kind, sendAt, expiresAt, onAmbiguous } = parsed;
  const issues: Issue[] = [];
  const add = (path: string, expected: string, value: unknown) =>
    issues.push({ path, reason: expectedGot(expected, value) });

  const sends = sendAt === undefined ? now : epochOf(sendAt);
  if (sends > now + SCHEDULE_AHEAD_MS) add('/sendAt', 'a time within the next 90 days', sendAt);
  if (expiresAt !== undefined) {
    const expires = epochOf(expiresAt);
    if (expires <= now) add('/expiresAt', 'a time in the future', expiresAt);
    else if (expires <= sends) add('/expiresAt', 'a time after sendAt', expiresAt);
  }
  if (kind === 'template' && onAmbiguous !== undefined) {
    add('/onAmbiguous', 'no onAmbiguous for kind "template" (only "custom" has it)', onAmbiguous);
  }
  return issues;
}
