import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { FoundMessage, Producer, Resolved } from '../producer/index.ts';
import type { Logger } from '../shared/logger.ts';
import { parseMessageId } from '../shared/message/message-id.ts';
import { KINDS } from '../shared/outcome.ts';
import type { AccountViews } from './account-views.ts';
import { Refusal } from './auth/guard.ts';
import {
  confirmPage,
  RESOLUTIONS,
  type ResolveAs,
  type Said,
  unknownPage,
} from './pages/unknown.ts';
import { readerOf, sendPage } from './reader.ts';

export interface UnknownRouteDeps {
  readonly producer: Producer;
  readonly views: AccountViews;
  readonly logger: Logger;
}

/** A person looks at each; for more at once there is the terminal. */
const PAGE = 100;

const blank = (value: unknown) => (value === '' ? undefined : value);
const count = z.coerce.number().int().min(0).max(PAGE).optional();
const listSchema = z.object({
  appId: z.preprocess(blank, z.string().max(64).optional()),
  kind: z.preprocess(blank, z.enum(KINDS).optional()),
  all: z.string().optional(),
  did: z.enum(RESOLUTIONS).optional(),
  count,
  left: count,
  gone: count,
  inLane: count,
});
type ListQuery = z.infer<typeof listSchema>;
const redriveCount = z.coerce.number().int().min(0);
const messageId = z.string().refine((text) => parseMessageId(text) !== null);
const resolveSchema = z.object({
  as: z.enum(RESOLUTIONS),
  messageId: z
    .preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(messageId))
    .pipe(z.array(messageId).min(1).max(PAGE)),
  /** Of each message as the question had it: it may be unknown anew since. */
  redrives: z
    .preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(redriveCount))
    .optional(),
  confirmed: z.literal('yes').optional(),
});

/** Messages of which nobody knows whether they were sent: looking, and saying what became of them. */
export function unknownRoutes(app: FastifyInstance, deps: UnknownRouteDeps): void {
  const { producer, views } = deps;
  app.get('/unknown', async (request, reply) => {
    const parsed = listSchema.safeParse(request.query);
    if (!parsed.success) throw new Refusal(400, (say) => say('accountAndKindWanted'));
    const { appId, kind, all } = parsed.data;
    const appIds = views.appIds();
    if (appId !== undefined && !appIds.includes(appId)) {
      throw new Refusal(404, (say) => say('noAccount'));
    }
    const filter = { ...(appId !== undefined && { appId }), ...(kind && { kind }) };
    const found = await producer.unknown.page({ ...filter, limit: PAGE });
    const view = {
      ...found,
      appIds,
      filter,
      all: all !== undefined,
      ...saidIn(parsed.data),
    };
    return sendPage(reply, unknownPage(readerOf(request), view));
  });
  app.post('/unknown', async (request, reply) => {
    const parsed = resolveSchema.safeParse(request.body);
    if (!parsed.success) {
      throw new Refusal(400, (say) => `${say('choiceWanted')} ${PAGE}`);
    }
    const { as, messageId: ids, redrives = [], confirmed } = parsed.data;
    const wasAsked = confirmed !== undefined && redrives.length === ids.length;
    if (!wasAsked) {
      const found = (await Promise.all(ids.map((id) => producer.find(id)))).flat();
      return sendPage(reply, confirmPage(readerOf(request), unknownOnly(found), as));
    }
    const asked = ids.map((id, index) => ({ id, redrives: redrives[index] }));
    const results = await resolveAll(deps, asked, as, request.user.name);
    const [only] = ids;
    if (ids.length === 1 && results[0] === 'resolved') {
      return reply.redirect(`/message?q=${only}`, 303);
    }
    return reply.redirect(`/unknown?${told(as, results)}`, 303);
  });
}

function saidIn({ did, count: done = 0, left = 0, gone = 0, inLane = 0 }: ListQuery): {
  readonly said?: Said;
} {
  return did ? { said: { as: did, count: done, left, gone, inLane } } : {};
}

/** What the page that follows says. */
function told(as: ResolveAs, results: readonly Resolved['kind'][]): string {
  const of = (...kinds: Resolved['kind'][]) =>
    results.filter((kind) => kinds.includes(kind)).length;
  const counts = {
    count: of('resolved'),
    left: of('not-unknown', 'stale'),
    gone: of('content-gone'),
    inLane: of('in-lane'),
  };
  const shown = Object.entries(counts).filter(([name, number]) => name === 'count' || number > 0);
  return [`did=${as}`, ...shown.map(([name, number]) => `${name}=${number}`)].join('&');
}

/** @throws Refusal 409 if somebody was quicker */
function unknownOnly(found: readonly FoundMessage[]): readonly FoundMessage[] {
  const unknown = found.filter(({ state }) => state === 'unknown');
  if (unknown.length > 0) return unknown;
  throw new Refusal(409, (say) => say('noneUnknown'));
}

async function resolveAll(
  { producer, logger }: UnknownRouteDeps,
  asked: readonly { readonly id: string; readonly redrives: number | undefined }[],
  as: ResolveAs,
  user: string,
): Promise<Resolved['kind'][]> {
  const results: Resolved['kind'][] = [];
  for (const { id, redrives } of asked) {
    const { kind } = await producer.unknown.resolve(id, as, redrives);
    results.push(kind);
    logger.info({ audit: true, user, messageId: id, as, result: kind }, 'unknown message resolved');
  }
  return results;
}
