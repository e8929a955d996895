import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { AccountOverview } from '../shared/account-control.ts';
import type { DeadLetterQueue } from '../shared/dead-letter.ts';
import { laneName } from '../shared/keys.ts';
import type { LaneQueue } from '../shared/lane.ts';
import type { Kind } from '../shared/outcome.ts';
import { BOARD_STYLE } from './board-style.ts';
import { maskedJob, nameOf } from './masked-job.ts';
import { languageFor } from './reader.ts';
import type { Repair, Repairs } from './repairs.ts';
import { sayIn } from './words.ts';

/** Where Bull Board is. */
export const BOARD = '/board';

export interface Board {
  /** The lanes to show, by account; the dead letters always come first. */
  show(lanes: readonly BoardLane[]): void;
}

export interface BoardLane {
  readonly appId: string;
  readonly kind: Kind;
  readonly queue: LaneQueue;
}

/**
 * What an operator may do there: retry (a dead letter is redriven; the ledger keeps any other
 * job from being sent twice), pause and resume a lane. All else would lose or forge messages.
 * Told by the route that was chosen, not by the address: a `#` in it hides what is behind from
 * the router alone.
 */
const ALLOWED: ReadonlySet<string | undefined> = new Set(
  ['pause', 'resume', 'retry/:queueStatus', ':jobId/retry'].map(
    (action) => `${BOARD}/api/queues/:queueName/${action}`,
  ),
);
const DEAD_LETTERS_ARE = 'Messages that will not be sent unless somebody acts';
/** Each look costs Redis some commands for each of perhaps a hundred lanes. */
export const POLL_SECONDS = 30;
const RETRY_ALL = `${BOARD}/api/queues/:queueName/retry/:queueStatus`;
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
  const first = dressed(
    new PagedAdapter(deadLetters, optionsOf(deadLetters.name, DEAD_LETTERS_ARE)),
  );
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
        const { queueName, queueStatus = 'failed' } = paramsOf(request.params);
        if (!ALLOWED.has(url) || queueStatus !== 'failed') {
          return refuse(reply, 403, say('boardRefuses'));
        }
        if (url !== RETRY_ALL || queueName !== deadLetters.name) return;
        const repair = await redriveAll(repairs, request.user.name);
        if (!repair) return refuse(reply, 409, say('repairBusy'));
        return reply.send({ retried: repair.total, skipped: 0 });
      });
      scope.addHook('onResponse', async (request) => {
        if (request.method !== 'GET' && request.method !== 'HEAD') views.changed();
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
      const others = lanes.map((lane) => dressed(new LaneAdapter(lane, views)));
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

/** A route that names no state of jobs means a failed one. */
function paramsOf(params: unknown): { queueName?: unknown; queueStatus?: unknown } {
  return Object(params) as { queueName?: unknown; queueStatus?: unknown };
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

/** Where the numbers of all lanes are read at once. */
export interface LaneReadings {
  all(): Promise<{ readonly accounts: readonly AccountOverview[] }>;
  /** What was read is old. */
  changed(): void;
}

/** A hundred thousand jobs at once would take a gigabyte, and block the process for seconds. */
const MOST_AT_ONCE = 100;

/** A queue of which nobody gets more than a page, whatever they ask for. */
class PagedAdapter extends BullMQAdapter {
  override getJobs(...[states, start = 0, end = -1]: Parameters<BullMQAdapter['getJobs']>) {
    const last = start + MOST_AT_ONCE - 1;
    return super.getJobs(states, start, end < 0 ? last : Math.min(end, last));
  }
}

/**
 * A lane whose numbers come from the reading that the overview shows, too: asking for each lane
 * by itself costs Redis some two hundred commands a second with a hundred lanes.
 */
class LaneAdapter extends PagedAdapter {
  readonly #lane: BoardLane;
  readonly #readings: LaneReadings;

  constructor(lane: BoardLane, readings: LaneReadings) {
    super(lane.queue, optionsOf(lane.queue.name, laneName(lane.appId, lane.kind)));
    this.#lane = lane;
    this.#readings = readings;
  }
  async #overview() {
    const { appId, kind } = this.#lane;
    const { accounts } = await this.#readings.all();
    const account = accounts.find((one) => one.appId === appId);
    return account?.lanes.find((lane) => lane.kind === kind);
  }
  override async getJobCounts() {
    const seen = await this.#overview();
    // An account that was added after the reading.
    if (!seen) return await super.getJobCounts();
    const { waiting, prioritized, delayed, active, parked, completed } = seen;
    return {
      waiting: waiting - prioritized,
      prioritized,
      delayed,
      active,
      failed: parked,
      completed,
      'waiting-children': 0,
    };
  }
  override async isPaused() {
    return (await this.#overview())?.paused ?? (await super.isPaused());
  }
  override get supportsGlobalRateLimit() {
    return false;
  }
  override getGlobalConcurrency() {
    return Promise.resolve(null);
  }
  override getActiveRateLimitTtl() {
    return Promise.resolve(0);
  }
  override getJobSchedulersCount() {
    return Promise.resolve(0);
  }
}

function optionsOf(queueName: string, description: string) {
  return {
    delimiter: '.',
    // A job that ended in its lane was sent.
    allowCompletedRetries: false,
    description,
    externalJobUrl: ({ id }: { id?: string | number | null | undefined }) => ({
      displayText: 'Message',
      href: `/message?q=${messageOf(queueName, id)}`,
    }),
  };
}

function dressed(adapter: BullMQAdapter): BullMQAdapter {
  adapter.setFormatter('data', maskedJob);
  adapter.setFormatter('name', nameOf);
  return adapter;
}

/** A dead letter's id is the message's, perhaps with a number; a lane's job has its second half. */
function messageOf(queueName: string, jobId: unknown): string {
  const id = typeof jobId === 'string' ? jobId : '';
  const [appId = ''] = queueName.split('.');
  const messageId = queueName.includes('.') ? `${appId}.${id}` : id.replace(/\.\d+$/, '');
  return encodeURIComponent(messageId);
}
