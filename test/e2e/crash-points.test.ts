import { afterAll, beforeAll, expect, test } from 'vitest';
import { inParallel, runTask, type Task } from '../crash/enumeration.ts';
import { scenarioNamed } from '../crash/options.ts';
import { failureText, isFailure } from '../crash/report.ts';
import { openStage, type Stage } from '../crash/stage.ts';

/* The most dangerous points of `npm run crash-points`, each with a death of its own. */

const DANGEROUS: readonly (readonly [scenario: string, ...points: string[]])[] = [
  ['send-template', 'begin:after:1'],
  ['send-template', 'publish:before:1'],
  ['send-template', 'http.send:bodySent:1', 'http.send:bodySent:1'],
  ['send-template', 'settle:before:1'],
  ['send-template', 'template.moveToFinished:before:1'],
  ['send-custom', 'begin:written:1'],
  ['send-custom', 'http.send:bodySent:1'],
  ['send-custom', 'settle:after:1'],
  ['send-custom', 'custom.moveToFinished:before:1'],
  ['refused-template', 'settle:written:1'],
  ['refused-template', 'dead-letter.addStandardJob:before:1'],
  ['refused-custom', 'zrem.dead-pending:before:1'],
  ['redrive-custom', 'redrive:after:1'],
  ['enqueue-template', 'accept:after:1'],
];

/** Most of it is waiting for locks to run out: under a minute, unless the machine is busy. */
const DEADLINE_MS = 240_000;

let stage: Stage | undefined;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage?.close());

test(
  'wherever a process dies, the message ends once and everybody agrees how',
  async () => {
    if (!stage) throw new Error('the stage did not open');
    const open = stage;
    const tasks = DANGEROUS.map(([name, ...crashes]): Task => ({
      scenario: scenarioNamed(name),
      crashes,
    }));
    const outcomes = await inParallel(tasks, tasks.length, (task) => runTask(open, task));
    expect(outcomes.filter(isFailure).map(failureText)).toEqual([]);
    const deaths = outcomes.map((outcome) => (outcome.kind === 'made' ? outcome.result.deaths : 0));
    expect(deaths).toEqual(tasks.map(({ crashes }) => crashes.length));
  },
  DEADLINE_MS,
);
