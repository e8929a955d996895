import { beforeAll, expect, test } from 'vitest';
import type { UnknownMessage } from '../../src/producer/index.ts';
import { waitFor } from '../helpers/wait-for.ts';
import { APP, newOpenid, useCli } from './cli-harness.ts';

const cli = useCli();

beforeAll(async () => {
  await cli.startWorker();
});

/** A message whose answer got lost, with the command's own word that it is listed. */
async function unknownMessage(name: string): Promise<string> {
  const openid = newOpenid(name);
  cli.simulator.control('POST', '/_control/faults', {
    path: '/cgi-bin/message/custom/send',
    openid,
    accept: false,
    reply: { kind: 'reset' },
    count: 1,
  });
  const messageId = await cli.sendText(openid, `致${name}`, '--id', name);
  await cli.untilState(messageId, 'unknown');
  await waitFor(async () => (await list()).some((one) => one.messageId === messageId && one.job));
  return messageId;
}

async function list(...flags: string[]): Promise<UnknownMessage[]> {
  const answer = await cli.courier('unknown', 'list', ...flags, '--json');
  return answer.json<{ unknown: UnknownMessage[] }>().unknown;
}

test('an unknown message is listed and shown with all that is known of it', async () => {
  const messageId = await unknownMessage('listed');
  const table = await cli.courier('unknown', 'list', '--since', '1h');
  expect(table.stdout).toMatch(new RegExp(`${messageId} +listed +custom +o\\S+ `));
  const shown = await cli.courier('unknown', 'show', messageId);
  expect(shown.stdout).toMatch(/dead letter at +\S/);
  expect(shown.stdout).toContain('ambiguous');
  expect(shown.stdout).toContain('"content": "致listed"');
  expect(await list('--kind', 'template')).toEqual([]);
});

test('it is resolved as sent, or sent again', async () => {
  const arrived = await unknownMessage('arrived');
  const missing = await unknownMessage('missing');
  const sent = await cli.courier('unknown', 'resolve', arrived, '--as', 'sent');
  expect(sent).toMatchObject({ code: 0, stdout: '1 resolved as sent' });
  expect((await cli.courier('status', arrived)).stdout).toMatch(
    /state +sent[\s\S]*said by +a person/,
  );
  const again = await cli.courier('unknown', 'resolve', missing, '--as', 'resend', '--json');
  expect(again.json()).toEqual({ resolved: 1, failed: [] });
  const status = await cli.untilState(missing, 'sent');
  expect(status.attempts.map(({ verdict }) => verdict)).toEqual(['ambiguous', 'ok']);
});

test('a whole account is resolved by flags; what is not unknown is said', async () => {
  await unknownMessage('one');
  await unknownMessage('two');
  const count = (await list()).length;
  const all = await cli.courier('unknown', 'resolve', '--app', APP, '--as', 'sent', '--json');
  expect(all.json()).toEqual({ resolved: count, failed: [] });
  expect((await cli.courier('unknown', 'list')).stdout).toBe('No unknown messages.');
  const absent = `${APP}.${'b'.repeat(26)}`;
  const answer = await cli.courier('unknown', 'resolve', absent, '--as', 'sent');
  expect(answer.code).toBe(1);
  expect(answer.stdout).toBe(
    `not unknown but not there: ${absent}\n0 resolved as sent, 1 left as they are`,
  );
});

test.each([
  ['nothing that says which', ['resolve', '--as', 'sent']],
  ['ids and flags', ['resolve', 'x', '--all', '--as', 'sent']],
  ['no verdict', ['resolve', 'x']],
  ['a verdict nobody knows', ['resolve', 'x', '--as', 'maybe']],
])('%s is wrong usage', async (_, args) => {
  expect((await cli.courier('unknown', ...args)).code).toBe(2);
});

test('an id that is not unknown cannot be shown', async () => {
  const answer = await cli.courier('unknown', 'show', `${APP}.${'c'.repeat(26)}`);
  expect(answer.code).toBe(1);
  expect(answer.stderr).toContain('ERR_UNKNOWN_MESSAGE');
});
