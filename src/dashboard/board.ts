import { createBullBoard } from '@bull-board/api';
import { FastifyAdapter } from '@bull-board/fastify';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { DeadLetterQueue } from '../shared/dead-letter.ts';
import { type BoardLane, type LaneReadings, shownLane, shownLetters } from './board-queue.ts';
import { BOARD_STYLE } from './board-style.ts';
import { languageFor } from './reader.ts';
import type { Repair, Repairs } from './repairs.ts';
import { sayIn } from './words.ts';

/** Where Bull Board is. */
export const BOARD = '/board';

export interface Board {
  /** The lanes to show, by account; the dead letters always come first. */
  show(lanes: readonly BoardLane[]): void;
}

/**
 * What an operator may do there: retry a dead letter, which redrives it, pause and resume a lane.
 * All else would lose or forge messages. Told by the route that was chosen, not by the address: a `#` in it hides what is behind from
 * the router alone.
 */
const ALLOWED: ReadonlySet<string | undefined> = new Set(
  ['pause', 'resume', 'retry/:queueStatus', ':jobId/retry'].map(
    (action) => `${BOARD}/api/queues/:queueName/${action}`,
  ),
);
/** Each look costs Redis some commands for each of perhaps a hundred lanes. */
export const POLL_SECONDS = 30;
const RETRY_ALL = `${BOARD}/api/queues/:queueName/retry/:queueStatus`;
const RETRY_ONE = `${BOARD}/api/queues/:queueName/:jobId/retry`;
/** Stock Bull Board asks Google for its fonts; the system's do as well. */
const FONTS = /<link href="https:\/\/fonts\.[^>]*>/g;
const STYLE_AT = `${BOARD}/courier.css`;
const OUR_STYLE = `<link href="${STYLE_AT}" rel="stylesheet">`;
const API = `${BOARD}/api/`;
const LIST = `${API}queues`;

/** Bull Board behind our login, with messages that show no recipient and no content. */
export async function addBoard(
  app: FastifyInstance,
  deadLetters: DeadLetterQueue,
  views: LaneReadings,
  repairs: Pick<Repairs, 'start' | 'latest'>,
): Promise<Board> {
  const adapter = new FastifyAdapter().setBasePath(BOARD);
  const first = shownLetters(deadLetters);
  const board = createBullBoard({
    queues: [first],
    serverAdapter: adapter,
    options: {
      uiConfig: {
        boardTitle: 'wechat-courier',
        miscLinks: [{ text: 'Overview', url: '/' }],
        pollingInterval: { showSetting: true, forceInterval: POLL_SECONDS },
        hideRedisDetails: true,
        hideDocsLink: true,
        showWorkers: false,
        overview: { groupByDelimiter: true },
      },
    },
  });
  await app.register(
    async (scope) => {
      scope.addHook('onRoute', (route) => {
        if (route.url.startsWith(API)) route.config = { ...route.config, polled: true };
      });
      scope.addHook('preHandler', async (request, reply) => {
        if (request.method === 'GET' || request.method === 'HEAD') return;
        const { url } = request.routeOptions;
        const say = sayIn(languageFor(request));
        const { queueName, queueStatus, jobId } = paramsOf(request.params);
        if (!ALLOWED.has(url) || (url === RETRY_ALL && queueStatus !== 'failed')) {
          return refuse(reply, 403, say('boardRefuses'));
        }
        if (url !== RETRY_ALL && url !== RETRY_ONE) return;
        if (queueName !== deadLetters.name) return refuse(reply, 409, say('onlyLettersRetried'));
        if (url === RETRY_ONE) {
          // Bull Board retries what is completed, too: a message that was sent would go out again.
          const letter = await deadLetters.getJob(String(jobId));
          if (!letter || (await letter.isFailed())) return;
          return refuse(reply, 409, say('letterNotDead'));
        }
        const repair = await redriveAll(repairs, request.user.name);
        if (!repair) return refuse(reply, 409, say('repairBusy'));
        return reply.send({ retried: repair.total, skipped: 0 });
      });
      scope.addHook('onSend', async (_request, reply, payload) => {
        const isPage = String(reply.getHeader('content-type')).startsWith('text/html');
        if (!isPage || reply.statusCode !== 200 || typeof payload !== 'string') return payload;
        return payload.replaceAll(FONTS, '').replace('</head>', `${OUR_STYLE}</head>`);
      });
      scope.addHook('preSerialization', async (request, _reply, payload) => {
        // A refusal comes by here, too.
        const isList = request.routeOptions.url === LIST && request.user?.role === 'viewer';
        return isList ? readOnly(payload as BoardList) : payload;
      });
      scope.get('/courier.css', (_request, reply) =>
        reply.type('text/css; charset=utf-8').send(BOARD_STYLE),
      );
      await scope.register(adapter.registerPlugin());
    },
    { prefix: BOARD },
  );
  return {
    show(lanes) {
      const others = lanes.map((lane) => shownLane(lane, views));
      board.replaceQueues([first, ...others]);
    },
  };
}

/** In the form that Bull Board shows. */
function refuse(reply: FastifyReply, status: number, text: string): FastifyReply {
  return reply.code(status).send({ error: text, message: text });
}

interface BoardList {
  readonly queues?: readonly object[];
}

/** As somebody sees it who may change nothing: without a button. */
function readOnly({ queues, ...rest }: BoardList): BoardList {
  if (!queues) return rest;
  const seen = { readOnlyMode: true, allowRetries: false, allowCompletedRetries: false };
  return { ...rest, queues: queues.map((queue) => ({ ...queue, ...seen })) };
}

type Params = Readonly<Partial<Record<'queueName' | 'queueStatus' | 'jobId', unknown>>>;

/** Only those that the route has. */
function paramsOf(params: unknown): Params {
  return Object(params) as Params;
}

/**
 * Bull Board's own loop takes the latest letters first, again and again: those that have died anew
 * meanwhile are asked for twice, and as many of the others never. Two who click it want the same.
 *
 * @returns null while another repair is running
 */
async function redriveAll(
  repairs: Pick<Repairs, 'start' | 'latest'>,
  user: string,
): Promise<Repair | null> {
  const begun = await repairs.start('redrive', {}, user);
  if (begun) return begun;
  const [running] = repairs.latest();
  const isTheSame = running?.action === 'redrive' && Object.keys(running.filter).length === 0;
  return running && isTheSame ? running : null;
}
