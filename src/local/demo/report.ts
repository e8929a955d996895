import { renderFields, renderTable } from '../../cli/table.ts';
import type { MessageStatus } from '../../producer/index.ts';
import { explainErrcode } from '../../shared/errcodes/errcode.ts';
import type { Judgement } from '../../simulator/build.ts';
import type { Handover } from './enqueue.ts';
import type { DemoLine, Reckoning } from './reckoning.ts';

/** What people read at the end. */
export function reportOf(
  { line, disagreements }: Reckoning,
  handover: Handover,
  statuses: Iterable<MessageStatus>,
  judgement: Judgement,
): string {
  const parts = [
    heading('What became of the orders’ messages, as WeChat’s side counts them'),
    renderFields(resultFields(line, handover, judgement)),
    heading('Dead letters: what WeChat refused for good'),
    deadTable(line),
    heading('On the way'),
    renderFields(wayFields([...statuses], line, judgement)),
  ];
  if (disagreements.length > 0) {
    parts.push(heading('Our books and WeChat’s do not agree'), shortList(disagreements));
  }
  return `${parts.join('\n')}\n`;
}

function resultFields(
  line: DemoLine,
  { repeated, duplicates }: Handover,
  { template, custom }: Judgement,
): [string, string][] {
  return [
    ['enqueued', String(line.enqueued)],
    ['repeated calls', `${repeated}, answered "duplicate": ${duplicates}`],
    ['sent', `${line.sent} (${template.distinct} template, ${custom.distinct} customer service)`],
    ['dead letters', String(line.deadLettered)],
    ['unknown', String(line.unknown)],
    ['lost', String(line.lost)],
    ['sent twice', String(line.duplicates)],
  ];
}

function deadTable({ deadBy }: DemoLine): string {
  const rows = Object.entries(deadBy)
    .sort(([, left], [, right]) => right - left)
    .map(([cause, count]) => {
      const isCode = /^-?\d+$/.test(cause);
      return [String(count), cause, isCode ? explainErrcode(Number(cause)).meaning : ''];
    });
  return renderTable(
    [
      { title: 'count', align: 'right' },
      { title: 'errcode', align: 'right' },
      { title: 'meaning' },
    ],
    rows,
  );
}

function wayFields(
  statuses: readonly MessageStatus[],
  line: DemoLine,
  { requests, faults, peakPerSecond, template }: Judgement,
): [string, string][] {
  const attempts = statuses.reduce((sum, status) => sum + status.attempts.length, 0);
  const retried = statuses.filter((status) => status.attempts.length > 1).length;
  const refused = Object.entries(requests)
    .filter(([path]) => path.includes('/message/'))
    .reduce((sum, [, outcomes]) => sum + (outcomes['40001'] ?? 0), 0);
  const damage = Object.entries(faults).map(
    ([kind, count]) => `${count} × ${kind === 'errcode' ? 'busy (-1, 45011)' : kind}`,
  );
  const peaks = Object.entries(peakPerSecond.taken).map(
    ([key, most]) => `${most} ${key.includes('template') ? 'template' : 'customer service'}`,
  );
  return [
    ['attempts', `${attempts}, ${retried} messages needed more than one`],
    ['WeChat’s trouble', damage.join(', ')],
    ['repeats absorbed', `${template.absorbed} templates whose first answer was lost`],
    ['token', `fetched ${line.tokenFetches} times; revoked once, which ${refused} sends met`],
    ['rate', `${(line.enqueued / line.seconds).toFixed(0)} messages a second`],
    ['busiest second', peaks.join(', ')],
    ['seconds', line.seconds.toFixed(1)],
  ];
}

const LISTED = 10;

function shortList(lines: readonly string[]): string {
  const more = lines.length > LISTED ? [`… and ${lines.length - LISTED} more`] : [];
  return [...lines.slice(0, LISTED), ...more].join('\n');
}

function heading(text: string): string {
  return `\n${text}\n${'─'.repeat(text.length)}`;
}
