import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import type { FastifyInstance } from 'fastify';
import type { DeadLetterQueue } from '../shared/dead-letter.ts';
import { laneName } from '../shared/keys.ts';
import type { LaneQueue } from '../shared/lane.ts';
import type { Kind } from '../shared/outcome.ts';
import { maskedJob, nameOf } from './masked-job.ts';

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
 */
const ALLOWED =
  /^\/board\/api\/queues\/[^/]+\/(?:pause|resume|retry\/failed|[^/]+\/retry(?:\/failed)?)$/;
const REFUSED = 'Expected a retry, a pause or a resume; anything else would lose messages.';
/** Each look costs Redis some commands for each of perhaps a hundred lanes. */
const POLL_SECONDS = 15;
/** Stock Bull Board asks Google for its fonts; the system's do as well. */
const FONTS = /<link href="https:\/\/fonts\.[^>]*>/g;

/** Bull Board behind our login, with messages that show no recipient and no content. */
export async function addBoard(app: FastifyInstance, deadLetters: DeadLetterQueue): Promise<Board> {
  const adapter = new FastifyAdapter().setBasePath(BOARD);
  const first = boardQueue(deadLetters, 'Messages that will not be sent unless somebody acts');
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
      scope.addHook('preHandler', async (request, reply) => {
        if (request.method === 'GET' || request.method === 'HEAD') return;
        if (ALLOWED.test(request.url.split('?')[0] ?? '')) return;
        return reply.code(403).send({ error: REFUSED, message: REFUSED });
      });
      scope.addHook('onSend', async (_request, reply, payload) => {
        const isPage = String(reply.getHeader('content-type')).startsWith('text/html');
        return isPage && typeof payload === 'string' ? payload.replaceAll(FONTS, '') : payload;
      });
      await scope.register(adapter.registerPlugin());
    },
    { prefix: BOARD },
  );
  return {
    show(lanes) {
      const others = lanes.map(({ appId, kind, queue }) =>
        boardQueue(queue, laneName(appId, kind)),
      );
      board.replaceQueues([first, ...others]);
    },
  };
}

function boardQueue(queue: DeadLetterQueue | LaneQueue, description: string): BullMQAdapter {
  const adapter = new BullMQAdapter(queue, {
    delimiter: '.',
    description,
    externalJobUrl: ({ id }) => ({
      displayText: 'Message',
      href: `/message?q=${messageOf(queue.name, id)}`,
    }),
  });
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
