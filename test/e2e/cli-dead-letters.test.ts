import { beforeAll, expect, test } from 'vitest';
import type { DeadLetter } from '../../src/producer/index.ts';
import { openDeadLetters } from '../../src/shared/dead-letter.ts';
import { waitFor } from '../helpers/wait-for.ts';
import { APP, newOpenid, useCli } from './cli-harness.ts';

const cli = useCli();

beforeAll(async () => {
  await cli.startWorker();
});

/** A recipient whose window is closed, and a message that died of it. */
async function deadLetter(name: string): Promise<{ openid: string; messageId: string }> {
  const openid = newOpenid(name);
  const recipients = [{ openid, window: 'closed' }];
  cli.simulator.control('POST', '/_control/recipients', { appId: APP, recipients });
  const messageId = await cli.sendText(openid, `致${name}`, '--id', name);
  await cli.untilState(messageId, 'dead');
  await waitFor(async () => (await list('--errcode', '45015')).some(isOf(messageId)), {
    what: 'the dead letter to be listed',
    timeoutMs: 15_000,
  });
  return { openid, messageId };
}

const isOf = (messageId: string) => (letter: DeadLetter) => letter.messageId === messageId;

async function list(...flags: string[]): Promise<DeadLetter[]> {
  const answer = await cli.courier('dead-letters', 'list', ...flags, '--json');
  return answer.json<{ deadLetters: DeadLetter[] }>().deadLetters;
}

test('a dead letter is listed and shown with what it means and what to do', async () => {
  const { messageId } = await deadLetter('listed');
  const table = await cli.courier('dead-letters', 'list', '--since', '1h');
  expect(table.stdout).toMatch(new RegExp(`${messageId} +listed +custom .* 45015 +window-expired`));
  const shown = await cli.courier('dead-letters', 'show', messageId);
  expect(shown.stdout).toMatch(/what to do +\S/);
  expect(shown.stdout).toContain('"content": "致listed"');
  const json = (await cli.courier('dead-letters', 'show', messageId, '--json')).json<DeadLetter>();
  expect(json).toMatchObject({ messageId, errcode: 45015, reason: 'window-expired' });
});

test('filters leave out what does not match', async () => {
  const { messageId } = await deadLetter('filtered');
  expect((await list('--reason', 'window-expired')).some(isOf(messageId))).toBe(true);
  expect(await list('--reason', 'poison')).toEqual([]);
  expect(await list('--app', 'wxffffffffffffffff')).toEqual([]);
  expect(await list('--limit', '1')).toHaveLength(1);
});

test('a list that is cut off says so, and of how many', async () => {
  await deadLetter('cut-one');
  await deadLetter('cut-two');
  const all = (await list()).length;
  const cut = await cli.courier('dead-letters', 'list', '--limit', '1');
  expect(cut.stdout).toMatch(new RegExp(`\n\n1 of ${all} shown; --limit shows more$`));
  const chosen = await cli.courier('dead-letters', 'list', '--errcode', '45015', '--limit', '1');
  expect(chosen.stdout).toMatch(/\n\nthe first 1; --limit shows more$/);
  for (const flags of [
    ['--limit', String(all)],
    ['--app', APP],
  ]) {
    const whole = await cli.courier('dead-letters', 'list', ...flags);
    expect(whole.stdout.split('\n')).toHaveLength(all + 1);
  }
});

test('a redriven message is sent once the recipient has written', async () => {
  const { openid, messageId } = await deadLetter('redriven');
  const events = [{ openid, event: 'message' }];
  cli.simulator.control('POST', '/_control/events', { appId: APP, events });
  const redriven = await cli.courier('dead-letters', 'redrive', messageId, '--json');
  expect(redriven.json()).toEqual({ redriven: 1, notFound: [], notPossible: [] });
  const status = await cli.untilState(messageId, 'sent');
  expect(status.attempts.map(({ errcode }) => errcode)).toEqual([45015, 0]);
});

test('what a customer may have got is redriven only if its reason is named', async () => {
  const since = new Date().toISOString();
  const { messageId } = await deadLetter('doubted');
  const queue = openDeadLetters(cli.redis.client, () => undefined);
  const job = await queue.getJob(messageId);
  await job?.updateData({ ...job.data, reason: 'ambiguous' });
  await queue.close();
  const redrive = (...flags: string[]) =>
    cli.courier('dead-letters', 'redrive', '--since', since, ...flags);
  const all = await redrive();
  expect([all.code, all.stdout]).toEqual([
    0,
    expect.stringMatching(
      /^1 left out: customers may have got them.*\n0 redrives requested; workers carry them out$/,
    ),
  ]);
  expect((await redrive('--json')).json()).toMatchObject({ redriven: 0, leftOut: [messageId] });
  expect((await redrive('--reason', 'ambiguous', '--json')).json()).toMatchObject({ redriven: 1 });
});

test('redriving needs to know what, and tells what it did not find', async () => {
  expect((await cli.courier('dead-letters', 'redrive')).code).toBe(2);
  expect((await cli.courier('dead-letters', 'redrive', 'x', '--all')).code).toBe(2);
  const absent = `${APP}.${'b'.repeat(26)}`;
  const answer = await cli.courier('dead-letters', 'redrive', absent, '--json');
  expect(answer).toMatchObject({ code: 1 });
  expect(answer.json()).toEqual({ redriven: 0, notFound: [absent], notPossible: [] });
});

test('a redrive is a request, and none for a letter whose content is gone', async () => {
  const { messageId } = await deadLetter('requested');
  const gone = await deadLetter('gone');
  const queue = openDeadLetters(cli.redis.client, () => undefined);
  const job = await queue.getJob(gone.messageId);
  if (!job) throw new Error('the letter is not where it is looked for');
  await job.updateData({ ...job.data, job: null });
  await queue.close();

  const answer = await cli.courier('dead-letters', 'redrive', messageId, gone.messageId);
  expect(answer).toMatchObject({
    code: 1,
    stdout:
      `not possible, its content is gone: ${gone.messageId}\n` +
      '1 redrive requested; a worker carries it out, 1 not possible\n' +
      `What became of it: courier status ${messageId}`,
  });
  expect((await list()).some(isOf(gone.messageId))).toBe(true);
  const others = [await deadLetter('next'), await deadLetter('next-but-one')];
  const many = await cli.courier('dead-letters', 'redrive', ...others.map((one) => one.messageId));
  expect(many.stdout).toBe(
    '2 redrives requested; workers carry them out\n' +
      'Those that died again: courier dead-letters list --since 5m',
  );
});

test('purging without a terminal needs --yes, and then forgets the message', async () => {
  const { messageId } = await deadLetter('purged');
  const refused = await cli.courier('dead-letters', 'purge', messageId);
  expect(refused).toMatchObject({ code: 2 });
  expect(refused.stderr).toContain('--yes');
  const purged = await cli.courier('dead-letters', 'purge', messageId, '--yes', '--json');
  expect(purged.json()).toEqual({ purged: 1, notFound: [] });
  expect((await cli.courier('dead-letters', 'show', messageId)).code).toBe(1);
  expect((await cli.courier('status', messageId)).code).toBe(1);
});
