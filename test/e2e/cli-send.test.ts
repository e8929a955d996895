import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { APP, newOpenid, OPENID, templateLine, useCli } from './cli-harness.ts';

const cli = useCli();
const ROOT = path.resolve(import.meta.dirname, '../..');

interface FileAnswer {
  readonly queued: number;
  readonly duplicate: number;
  readonly rejected: number;
  readonly results: readonly {
    readonly line: number;
    readonly status: string;
    readonly code?: string;
    readonly issues?: readonly { readonly path: string; readonly reason: string }[];
  }[];
}

beforeAll(async () => {
  await cli.startWorker();
});

async function fileOf(name: string, ...lines: string[]): Promise<string> {
  const file = path.join(cli.folder, name);
  await writeFile(file, `${lines.join('\n')}\n`);
  return file;
}

describe('one message', () => {
  test('a template message is queued, sent, and shown as sent', async () => {
    const data = JSON.stringify({ thing1: '巧克力' });
    const template = 'ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY';
    const flags = ['--app', APP, '--to', newOpenid('One'), '--template', template, '--data', data];
    const sent = await cli.courier('send', 'template', ...flags, '--json');
    expect(sent.code).toBe(0);
    expect(sent.json()).toMatchObject({ status: 'queued' });

    const { messageId } = sent.json<{ messageId: string }>();
    const status = await cli.untilState(messageId, 'sent');
    expect(status.attempts).toMatchObject([{ number: 1, verdict: 'ok', errcode: 0 }]);
    const table = await cli.courier('status', messageId);
    expect(table.stdout).toMatch(/state +sent/);
    expect(table.stdout).toMatch(/attempt +at +took +errcode +verdict/);
  });

  test('a message is found by the caller’s id, the digits in it and its recipient', async () => {
    const to = newOpenid('Found');
    const args = ['custom', '--app', APP, '--to', to, '--id', 'SO4711-found', '--text', '你好'];
    const { messageId } = (await cli.courier('send', ...args, '--json')).json<{
      messageId: string;
    }>();
    for (const text of ['SO4711-found', '4711', to, messageId]) {
      const found = await cli.courier('find', text);
      expect([text, found.code]).toEqual([text, 0]);
      expect(found.stdout).toContain(messageId);
    }
    const nothing = await cli.courier('find', 'order-never');
    const hint = expect.stringMatching(
      /^Nothing found\.\nA number is found whole, as 1002 .*openid/,
    );
    expect([nothing.code, nothing.stdout]).toEqual([1, hint]);
  });

  test('the same id again is a duplicate, with other content an error', async () => {
    const openid = newOpenid('Twice');
    const args = ['custom', '--app', APP, '--to', openid, '--id', 'twice', '--text'];
    await cli.courier('send', ...args, '你好');
    expect((await cli.courier('send', ...args, '你好')).stdout).toMatch(/^duplicate {2}wx/);
    const conflict = await cli.courier('send', ...args, '再见', '--json');
    expect(conflict.code).toBe(1);
    expect(conflict.stderr).toMatch(/^ERR_ID_CONFLICT: .*twice/);
    expect(conflict.json()).toMatchObject({ error: { code: 'ERR_ID_CONFLICT' } });
  });

  test('a scheduled message can be cancelled and is never sent', async () => {
    const openid = newOpenid('Later');
    const soon = new Date(Date.now() + 3_600_000).toISOString();
    const messageId = await cli.sendText(openid, '稍后', '--send-at', soon);
    await cli.untilState(messageId, 'scheduled');
    const cancelled = await cli.courier('cancel', messageId, '--json');
    expect(cancelled.json()).toEqual({ messageId, cancelled: true });
    await cli.untilState(messageId, 'cancelled');
  });

  test('what was sent cannot be cancelled, and the answer says so', async () => {
    const messageId = await cli.sendText(newOpenid('Sent'), '已发');
    await cli.untilState(messageId, 'sent');
    const answer = await cli.courier('cancel', messageId);
    expect(answer).toMatchObject({
      code: 1,
      stdout: `Not cancelled: ${messageId} is sent already.`,
    });
  });

  test('an unknown message is an error with its code', async () => {
    const unknown = await cli.courier('status', `${APP}.${'a'.repeat(26)}`, '--json');
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toMatch(/^ERR_UNKNOWN_MESSAGE: /);
    expect(unknown.json()).toMatchObject({ error: { code: 'ERR_UNKNOWN_MESSAGE' } });
  });
});

describe('a file of messages', () => {
  test('twenty wrong envelopes get twenty errors with line, path and reason', async () => {
    const wrong = path.join(ROOT, 'examples/wrong-envelopes.jsonl');
    const lines = (await readFile(wrong, 'utf8')).trim().split('\n').length;
    const answer = await cli.courier('send', '--file', wrong, '--json');
    const { results, ...counts } = answer.json<FileAnswer>();
    expect(answer.code).toBe(1);
    expect(counts).toEqual({ queued: 0, duplicate: 0, rejected: lines });
    expect(results.map(({ line }) => line)).toEqual(results.map((_, index) => index + 1));
    for (const { code, issues = [] } of results) {
      expect(code).toBe('ERR_INVALID_MESSAGE');
      expect(issues[0]?.path).toMatch(/^\//);
      expect(issues[0]?.reason).toMatch(/^expected /);
    }

    const table = await cli.courier('send', '--file', wrong);
    expect(table.stdout.split('\n').filter((line) => /^ *\d+ .*expected/.test(line))).toHaveLength(
      lines,
    );
    expect(table.stdout).toMatch(new RegExp(`0 queued, 0 duplicate, ${lines} rejected$`));
  });

  test('a line that is not JSON is an error of its own, the others are queued', async () => {
    const file = await fileOf(
      'mixed.jsonl',
      templateLine('m1'),
      '{"appId": oops}',
      '',
      templateLine('m2'),
    );
    const answer = await cli.courier('send', '--file', file, '--json');
    expect(answer.code).toBe(1);
    const { queued, rejected, results } = answer.json<FileAnswer>();
    expect({ queued, rejected }).toEqual({ queued: 2, rejected: 1 });
    expect(results.map(({ line, status }) => `${line} ${status}`)).toEqual([
      '1 queued',
      '2 rejected',
      '4 queued',
    ]);
    expect(results[1]?.issues?.[0]?.reason).toContain('column 11');
  });

  test('repeating a file sends nothing twice and is no failure', async () => {
    const file = await fileOf('again.jsonl', templateLine('a1'), templateLine('a2'));
    expect((await cli.courier('send', '--file', file)).stdout).toBe(
      '2 queued, 0 duplicate, 0 rejected',
    );
    const again = await cli.courier('send', '--file', file);
    expect(again).toMatchObject({ code: 0, stdout: '0 queued, 2 duplicate, 0 rejected' });
  });

  test('account and kind on the command line fill in what lines lack', async () => {
    const message = { touser: OPENID, msgtype: 'text', text: { content: '您好' } };
    const file = await fileOf('short.jsonl', JSON.stringify({ id: 'short-1', message }));
    const answer = await cli.courier('send', 'custom', '--app', APP, '--file', file, '--json');
    expect(answer.json()).toMatchObject({ queued: 1, rejected: 0 });
  });
});
