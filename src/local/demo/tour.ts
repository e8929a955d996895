import { renderFields } from '../../cli/table.ts';
import type { DemoDashboard } from './dashboard.ts';
import type { Accepted } from './enqueue.ts';
import type { Stage } from './stage.ts';

/** A message worth looking at, and how a shop would ask for it. */
export interface Sight {
  /** The shop's own id of it. */
  readonly id: string;
  readonly messageId: string;
  /** What WeChat refused it with. */
  readonly errcode?: number | undefined;
}

/** A dead letter if there is one, the same in each run: the first in the shop's order. */
export function sightOf(
  accepted: readonly Accepted[],
  deadLetters: readonly Omit<Sight, 'id'>[],
): Sight {
  const dead = new Map(deadLetters.map((letter) => [letter.messageId, letter.errcode]));
  const message =
    accepted.find(({ messageId }) => dead.get(messageId) === CLOSED_WINDOW) ??
    accepted.find(({ messageId }) => dead.has(messageId)) ??
    accepted[0];
  if (!message) throw new Error('Expected orders in examples/orders.csv, got none.');
  const { id, messageId } = message;
  return { id, messageId, errcode: dead.get(messageId) };
}

/** Where to look while the demo stays. */
export function tourOf(stage: Stage, dashboard: DemoDashboard, sight: Sight): string {
  const { dir, envFile, simulatorUrl } = stage;
  const places: [string, string][] = [
    ['Dashboard', `${dashboard.url}   user ${dashboard.user}, password ${dashboard.password}`],
    [
      'Search for',
      `${orderOf(sight.id)}, the number of an order, or ${sight.id}, the id of a message`,
    ],
    ...[...stage.metrics, dashboard.metrics].map(({ name, url }, index): [string, string] => [
      index === 0 ? 'Metrics' : '',
      `${url}   ${name}`,
    ]),
    ['Simulator', `${simulatorUrl}/_control/judge`],
    ['Redis', `${dir}/redis/redis.json has its address`],
    ['Logs', `${dir}/*.log`],
  ];
  const commands = [
    `. ${envFile}`,
    'node dist/cli/main.js queues',
    'node dist/cli/main.js dead-letters list',
    `node dist/cli/main.js find ${orderOf(sight.id)}`,
    `node dist/cli/main.js status ${sight.messageId}`,
    ...(sight.errcode === undefined ? [] : [`node dist/cli/main.js explain ${sight.errcode}`]),
  ];
  return [
    '\nEverything keeps running until Ctrl-C. Look around:\n',
    renderFields(places),
    '\nOr from another terminal:\n',
    ...commands.map((command) => `  ${command}`),
    '',
  ].join('\n');
}

const CLOSED_WINDOW = 45015;

/** An id of the shop's is its order's number and what happened to it. */
function orderOf(id: string): string {
  return id.slice(0, id.lastIndexOf('-'));
}
