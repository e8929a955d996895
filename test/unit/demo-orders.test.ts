import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { envelopeOf, readOrders } from '../../src/local/demo/order.ts';
import { validateEnvelope } from '../../src/shared/message/envelope.ts';

const EXAMPLES = path.resolve(import.meta.dirname, '../../examples');

test('every order makes an envelope that is taken, each with an id of its own', () => {
  const orders = readOrders(path.join(EXAMPLES, 'orders.csv'));
  const envelopes = orders.map((order) => envelopeOf('wx0123456789abcdef', order));
  expect(envelopes).toHaveLength(1000);
  expect(new Set(envelopes.map(({ id }) => id)).size).toBe(1000);
  const refused = envelopes.filter((one) => !validateEnvelope(one, Date.now()).ok);
  expect(refused).toEqual([]);
});

test('the generator writes the very files that are here', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'courier-orders-'));
  try {
    const script = path.join(folder, 'generate-orders.mjs');
    await cp(path.join(EXAMPLES, 'generate-orders.mjs'), script);
    await promisify(execFile)(process.execPath, [script]);
    for (const name of ['orders.csv', 'recipients.csv']) {
      const [written, kept] = await Promise.all(
        [folder, EXAMPLES].map((where) => readFile(path.join(where, name), 'utf8')),
      );
      expect(written).toBe(kept);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
