import { z } from 'zod';
import { ERROR_CODES } from '../../shared/errors.ts';
import { envelopeSchema, messageSchema } from '../../shared/message/envelope.ts';
import { DEAD_REASONS, KINDS, MESSAGE_STATES } from '../../shared/outcome.ts';
import { HTTP_CODES } from '../problem.ts';
import { redriveSchema } from '../routes/dead-letters.ts';
import { BATCH_ITEMS } from '../routes/messages.ts';

/** A JSON Schema (2020-12), as OpenAPI 3.1 takes it. */
export type Schema = Readonly<Record<string, unknown>>;

const text = { type: 'string' } as const;
const number = { type: 'number' } as const;
const whole = { type: 'integer' } as const;
const flag = { type: 'boolean' } as const;
const epochMs = { type: 'integer', description: 'Epoch milliseconds.' } as const;
const listOf = (items: Schema): Schema => ({ type: 'array', items });
const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

/** An object; a name that ends in `?` is optional. */
function object(properties: Readonly<Record<string, Schema>>): Schema {
  const names = Object.keys(properties);
  return {
    type: 'object',
    properties: Object.fromEntries(
      Object.entries(properties).map(([name, schema]) => [name.replace(/\?$/, ''), schema]),
    ),
    required: names.filter((name) => !name.endsWith('?')),
  };
}

/** What a zod schema takes, without what only zod can say. */
export function ofZod(schema: z.ZodType): Schema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { unrepresentable: 'any', io: 'input' });
  return rest;
}

/** The envelope of one kind, with WeChat's own body in it. */
function envelopeOf(kind: (typeof KINDS)[number]): Schema {
  const { properties, ...rest } = ofZod(envelopeSchema) as { properties: Record<string, Schema> };
  const { onAmbiguous, ...common } = properties;
  return {
    ...rest,
    title: kind,
    properties: {
      ...common,
      kind: { type: 'string', const: kind },
      message: ref(kind === 'template' ? 'TemplateMessage' : 'CustomMessage'),
      ...(kind === 'custom' && onAmbiguous && { onAmbiguous }),
    },
  };
}

const issue = object({
  path: { ...text, description: 'JSON pointer into the input; empty for the whole.' },
  reason: { ...text, description: 'What was expected, what came.' },
});

const attempt = object({
  number: whole,
  at: epochMs,
  durationMs: number,
  verdict: text,
  'errcode?': whole,
});

const lane = object({
  kind: { type: 'string', enum: KINDS },
  waiting: whole,
  prioritized: { ...whole, description: 'Of the waiting ones, those with a priority.' },
  'oldestAt?': epochMs,
  delayed: whole,
  active: whole,
  parked: { ...whole, description: 'Unknown outcome: a person must decide.' },
  completed: { ...whole, description: 'The latest that have ended.' },
  paused: flag,
  'perSecond?': number,
  'setPerSecond?': { ...number, description: 'Set by an operator, instead of the accounts file.' },
  'filePerSecond?': { ...number, description: 'What the accounts file says.' },
  'sleep?': object({ cause: text, until: epochMs }),
  'freeSince?': {
    ...epochMs,
    description: 'Resumed, or awake again, since; absent where Redis does not remember.',
  },
});

/** `components/schemas` of the document. */
export function componentSchemas(): Readonly<Record<string, Schema>> {
  return {
    Envelope: { oneOf: [ref('TemplateEnvelope'), ref('CustomEnvelope')] },
    TemplateEnvelope: envelopeOf('template'),
    CustomEnvelope: envelopeOf('custom'),
    TemplateMessage: ofZod(messageSchema('template')),
    CustomMessage: ofZod(messageSchema('custom')),
    Batch: {
      ...object({ messages: { ...listOf(ref('Envelope')), minItems: 1, maxItems: BATCH_ITEMS } }),
      additionalProperties: false,
    },
    Accepted: object({
      messageId: text,
      status: { type: 'string', enum: ['queued', 'duplicate'] },
    }),
    BatchResults: object({
      results: listOf(
        object({
          status: { ...whole, description: 'As if the item had been posted alone.' },
          'messageId?': text,
          'code?': text,
          'detail?': text,
          'issues?': listOf(issue),
        }),
      ),
    }),
    MessageStatus: object({
      messageId: text,
      appId: text,
      kind: { type: 'string', enum: KINDS },
      state: { type: 'string', enum: MESSAGE_STATES },
      'reason?': { type: 'string', enum: DEAD_REASONS },
      'errcode?': whole,
      'wechatMsgId?': { ...text, description: 'Exceeds 2^53, so it is text.' },
      'settledBy?': { type: 'string', const: 'person' },
      acceptedAt: epochMs,
      'sendAt?': epochMs,
      'endedAt?': epochMs,
      'redrives?': whole,
      'redriven?': {
        ...listOf(
          object({
            at: epochMs,
            from: { type: 'string', enum: ['dead', 'unknown'] },
            'endedAt?': epochMs,
            'reason?': { type: 'string', enum: DEAD_REASONS },
            'errcode?': whole,
          }),
        ),
        description: 'The latest redrives, each with the end that it undid.',
      },
      attempts: listOf(attempt),
    }),
    Cancelled: object({ cancelled: { type: 'boolean', const: true } }),
    DeadLetter: object({
      messageId: text,
      appId: text,
      kind: { type: 'string', enum: KINDS },
      'id?': text,
      reason: { type: 'string', enum: DEAD_REASONS },
      'errcode?': whole,
      'detail?': text,
      'rid?': { ...text, description: 'WeChat’s request id.' },
      acceptedAt: epochMs,
      deadAt: epochMs,
      redrives: whole,
      attempts: listOf(attempt),
      job: { type: ['object', 'null'], description: 'What a redrive puts back.' },
    }),
    DeadLetters: object({
      deadLetters: listOf(ref('DeadLetter')),
      'cursor?': { ...text, description: 'For the next page; absent on the last.' },
    }),
    Redrive: ofZod(redriveSchema),
    Redriven: object({
      count: { ...whole, description: 'Redrives that were requested.' },
      notFound: { ...listOf(text), description: 'Ids of no dead letter.' },
      notPossible: { ...listOf(text), description: 'Their content is gone.' },
      more: { ...flag, description: 'Others match too: repeat the call.' },
    }),
    Account: object({
      appId: text,
      'pause?': object({
        cause: text,
        'by?': text,
        since: epochMs,
        'errcode?': whole,
        'probeAt?': epochMs,
      }),
      lanes: listOf(lane),
      token: object({
        state: { type: 'string', enum: ['none', 'expired', 'valid'] },
        'generation?': whole,
        'fetchedAt?': epochMs,
        'expiresAt?': epochMs,
        'source?': text,
      }),
      quota: listOf(
        object({
          kind: { type: 'string', enum: KINDS },
          spentUntil: { type: ['integer', 'null'] },
          'daily?': object({ limit: whole, used: whole, remain: whole, readAt: epochMs }),
        }),
      ),
    }),
    Problem: object({
      type: text,
      title: text,
      status: whole,
      code: { type: 'string', enum: [...Object.keys(ERROR_CODES), ...Object.keys(HTTP_CODES)] },
      detail: text,
      'issues?': listOf(issue),
    }),
  };
}
