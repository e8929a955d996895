import path from 'node:path';
import { showProgress } from '../progress.ts';
import { createProducer, type Producer } from '../../producer/index.ts';
import { type Handover, handOver } from './enqueue.ts';
import { envelopeOf, readOrders } from './order.ts';
import { readRecipients } from './recipients.ts';
import { reckon, type Reckoning } from './reckoning.ts';
import { reportOf } from './report.ts';
import { type Stage } from './stage.ts';
import { type Sight, sightOf } from './tour.ts';
import { watch } from './watch.ts';
import { type WechatSide, wechatSide } from './wechat-side.ts';

const EXAMPLES = path.resolve(import.meta.dirname, '../../../examples');
const DEADLINE_MS = 120_000;

/** Plays the shop on a stage that is set, and says what came of it. */
export async function play(stage: Stage): Promise<Reckoning & { readonly sight: Sight }> {
  const orders = readOrders(path.join(EXAMPLES, 'orders.csv'));
  const wechat = wechatSide(stage.simulatorUrl, stage.shop, stage.sister);
  await wechat.arrange(readRecipients(path.join(EXAMPLES, 'recipients.csv')));
  await wechat.planTrouble();
  const envelopes = orders.map((order) => envelopeOf(stage.shop.appId, order));

  const producer = createProducer({ redisUrl: stage.redisUrl, accountsFile: stage.accountsFile });
  try {
    say(`${envelopes.length} messages from examples/orders.csv; the token is revoked midway`);
    const startedAt = performance.now();
    const handover = await handOver(producer, envelopes);
    const statuses = await untilAllEnded(producer, handover, wechat);
    const seconds = Math.round((performance.now() - startedAt) / 100) / 10;

    const judgement = await wechat.judge();
    const record = await wechat.record();
    const deadLetters = await producer.deadLetters.list({ limit: envelopes.length * 2 });
    const { accepted } = handover;
    const reckoning = reckon({ accepted, statuses, deadLetters, record, judgement, seconds });
    process.stdout.write(reportOf(reckoning, handover, statuses.values(), judgement));
    return { ...reckoning, sight: sightOf(accepted, deadLetters) };
  } finally {
    await producer.close();
  }
}

/** Halfway through, somebody else refreshes the token. */
async function untilAllEnded(producer: Producer, handover: Handover, wechat: WechatSide) {
  const ids = handover.accepted.map(({ messageId }) => messageId);
  const progress = showProgress({ total: ids.length, what: 'messages', withoutTerminal: 'plain' });
  let revoked: Promise<void> | undefined;
  try {
    return await watch(producer, ids, {
      deadlineMs: DEADLINE_MS,
      onProgress(ended) {
        progress.update(ended);
        if (ended >= ids.length / 2) revoked ??= wechat.revokeToken();
      },
    });
  } finally {
    progress.stop();
    await revoked;
  }
}

/** One line for people. */
export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
