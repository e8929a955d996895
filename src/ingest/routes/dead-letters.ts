import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { DeadLetterFilter, DeadLetters, Producer } from '../../producer/index.ts';
import { CourierError } from '../../shared/errors.ts';
import { epochOf, momentSchema } from '../../shared/message/moment.ts';
import { parseMessageId } from '../../shared/message/message-id.ts';
import { DEAD_REASONS } from '../../shared/outcome.ts';
import type { ApiKey } from '../keys/api-key.ts';
import { requireAccount } from '../permission.ts';
import { checked } from '../query.ts';

const MOST_LISTED = 1000;
/** A call redrives at most so many; the rest is for the next call. */
export const MOST_REDRIVEN = 10_000;
/** Workers take redrives up as they can; Redis should not be busy with them alone. */
const AT_ONCE = 50;

const FILTER_FIELDS = 'appId, reason, errcode, since';
const LIST_FIELDS = `${FILTER_FIELDS}, limit, cursor`;
const REDRIVE_FIELDS = `messageIds, all, ${FILTER_FIELDS}`;
const REASONS = `one of ${DEAD_REASONS.join(', ')}`;

/** Numbers come as text in a query, as numbers in a body. */
const filterShape = {
  appId: z.string('an appId').optional(),
  reason: z.enum(DEAD_REASONS, REASONS).optional(),
  errcode: whole('a whole number').optional(),
  since: z
    .preprocess(
      (value) => (typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value),
      momentSchema,
    )
    .optional(),
};

export const listSchema = z.strictObject(
  {
    ...filterShape,
    limit: whole(`1 to ${MOST_LISTED}`, 1, MOST_LISTED).optional(),
    cursor: z.string('a cursor of an earlier page').optional(),
  },
  { error: (issue) => (issue.code === 'unrecognized_keys' ? LIST_FIELDS : 'a query') },
);

export const redriveSchema = z
  .strictObject(
    {
      messageIds: z
        .array(z.string('a message id'), 'a list of message ids')
        .min(1, `1 to ${MOST_REDRIVEN} message ids`)
        .max(MOST_REDRIVEN, `1 to ${MOST_REDRIVEN} message ids`)
        .optional(),
      all: z.literal(true, 'true').optional(),
      ...filterShape,
    },
    { error: (issue) => (issue.code === 'unrecognized_keys' ? REDRIVE_FIELDS : 'an object') },
  )
  .refine(
    ({ messageIds, ...filter }) =>
      (messageIds === undefined) !== (Object.keys(filter).length === 0),
    'either messageIds, or a filter (appId, reason, errcode, since), or {"all": true}',
  );

/** Looking at dead letters and redriving them. */
export function deadLetterRoutes(app: FastifyInstance, { deadLetters }: Producer): void {
  app.get('/v1/dead-letters', { config: { scopes: ['read'] } }, async (request, reply) => {
    const { limit, cursor, ...fields } = checked(listSchema, request.query);
    const filter = ownFilter(request.apiKey, fields);
    const page = await deadLetters.page({
      ...filter,
      ...(limit !== undefined && { limit }),
      ...(cursor !== undefined && { cursor }),
    });
    return reply.send({ deadLetters: page.letters, ...(page.cursor && { cursor: page.cursor }) });
  });

  app.post(
    '/v1/dead-letters/redrive',
    { bodyLimit: 1_048_576, config: { scopes: ['admin'] } },
    async (request, reply) => {
      const { messageIds, all: _all, ...fields } = checked(redriveSchema, request.body);
      const chosen = messageIds
        ? ownIds(request.apiKey, messageIds)
        : await idsOf(deadLetters, ownFilter(request.apiKey, fields));
      const fates = await redriveAll(deadLetters, chosen);
      const those = (fate: Fate) => chosen.filter((_, index) => fates[index] === fate);
      return reply.code(202).send({
        count: those('requested').length,
        notFound: those('missing'),
        notPossible: those('impossible'),
        more: !messageIds && chosen.length === MOST_REDRIVEN,
      });
    },
  );
}

type Fields = Pick<z.output<typeof listSchema>, 'appId' | 'reason' | 'errcode' | 'since'>;

/** Of the accounts that the key may use. @throws HttpError `ERR_FORBIDDEN` */
function ownFilter(key: ApiKey, { appId, reason, errcode, since }: Fields): DeadLetterFilter {
  if (appId !== undefined) requireAccount(key, appId);
  return {
    ...(appId !== undefined && { appId }),
    ...(key.appIds !== null && { appIds: key.appIds }),
    ...(reason !== undefined && { reason }),
    ...(errcode !== undefined && { errcode }),
    ...(since !== undefined && { since: epochOf(since) }),
  };
}

/** @throws HttpError `ERR_FORBIDDEN`, CourierError `ERR_INVALID_FILTER`; nothing is redriven then */
function ownIds(key: ApiKey, messageIds: readonly string[]): readonly string[] {
  messageIds.forEach((messageId, index) => {
    const parts = parseMessageId(messageId);
    if (parts) return requireAccount(key, parts.appId);
    const path = `/messageIds/${index}`;
    const reason = 'expected <appId>.<26 characters 0-9a-z>, got something else';
    throw new CourierError('ERR_INVALID_FILTER', `${path}: ${reason}`, {
      issues: [{ path, reason }],
    });
  });
  return [...new Set(messageIds)];
}

async function idsOf(letters: DeadLetters, filter: DeadLetterFilter): Promise<string[]> {
  const found = await letters.list({ ...filter, limit: MOST_REDRIVEN });
  return found.map(({ messageId }) => messageId);
}

/** What became of each; `impossible`: its content is gone, there is nothing to send. */
type Fate = 'requested' | 'missing' | 'impossible';

/** The workers carry redrives out, each lane at its own rate. */
async function redriveAll(letters: DeadLetters, messageIds: readonly string[]): Promise<Fate[]> {
  const fates: Fate[] = [];
  for (let start = 0; start < messageIds.length; start += AT_ONCE) {
    const chunk = messageIds.slice(start, start + AT_ONCE);
    fates.push(...(await Promise.all(chunk.map((messageId) => redriveOne(letters, messageId)))));
  }
  return fates;
}

async function redriveOne(letters: DeadLetters, messageId: string): Promise<Fate> {
  const letter = await letters.show(messageId);
  if (letter && !letter.job) return 'impossible';
  return (await letters.redrive(messageId)) ? 'requested' : 'missing';
}

function whole(expected: string, least = Number.MIN_SAFE_INTEGER, most = Number.MAX_SAFE_INTEGER) {
  return z.preprocess(
    (value) => (typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value),
    z.int(expected).min(least, expected).max(most, expected),
  );
}
