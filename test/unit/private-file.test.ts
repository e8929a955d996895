import {
  chownSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { changePrivateFile, readPrivateFile, stampOf } from '../../src/shared/private-file.ts';

let dir = '';
beforeEach(() => (dir = mkdtempSync(path.join(tmpdir(), 'courier-private-'))));
afterEach(() => rmSync(dir, { recursive: true }));
const file = () => ({
  path: path.join(dir, 'f.json'),
  variable: 'COURIER_F',
  command: 'courier f',
});

test('a file that is changed is for its owner only, and nothing else is left behind', async () => {
  await changePrivateFile(file(), () => 'one');
  await changePrivateFile(file(), () => `${readPrivateFile(file())} two`);
  expect(readFileSync(file().path, 'utf8')).toBe('one two');
  expect(statSync(file().path).mode & 0o777).toBe(0o600);
  expect(readdirSync(dir)).toEqual(['f.json']);
});

test.runIf(process.getuid?.() === 0)(
  'root changes a service’s file, and it stays the service’s',
  async () => {
    writeFileSync(file().path, 'old');
    chownSync(file().path, 65_534, 65_534);
    await changePrivateFile(file(), () => 'new');
    const { uid, gid } = statSync(file().path);
    expect([readFileSync(file().path, 'utf8'), uid, gid]).toEqual(['new', 65_534, 65_534]);
  },
);

test('many writers at once each see what the one before wrote', async () => {
  await Promise.all(
    Array.from({ length: 5 }, (_, n) =>
      changePrivateFile(file(), () => `${readPrivateFile(file()) ?? ''}${n}`),
    ),
  );
  expect([...(readPrivateFile(file()) ?? '')].toSorted()).toEqual(['0', '1', '2', '3', '4']);
});

test('a refused edit changes nothing and leaves no lock', async () => {
  await changePrivateFile(file(), () => 'one');
  const before = stampOf(file().path);
  const refused = changePrivateFile(file(), () => {
    throw new Error('no');
  });
  await expect(refused).rejects.toThrow('no');
  expect([stampOf(file().path), readdirSync(dir)]).toEqual([before, ['f.json']]);
});
