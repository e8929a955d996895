/**
 * A paid order, from the payment to the customer: tells it, waits for the end, and says what an
 * order service should do about each.
 *
 *     npx tsx examples/paid-order.ts 1001 oOPENID…       (REDIS_URL and accounts.json as usual)
 */
import { setTimeout as delay } from 'node:timers/promises';
import { createProducer, isCourierError, type MessageStatus } from '../src/producer/index.ts';

const TRIES = 8;
const PATIENCE_MS = 30_000;
const courier = createProducer();

/** Repeats the call while nobody knows whether it was taken; the id makes that safe. */
async function tellPaid(order: string, openid: string): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { messageId } = await courier.enqueue({
        appId: 'wx0123456789abcdef',
        kind: 'template',
        id: `order-${order}-paid`,
        expiresAt: Date.now() + 24 * 3_600_000, // nobody wants to hear of it the day after
        message: {
          touser: openid,
          template_id: 'ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY',
          data: { character_string1: { value: order } },
        },
      });
      return messageId;
    } catch (error) {
      const isUnavailable = isCourierError(error) && error.code === 'ERR_QUEUE_UNAVAILABLE';
      if (!isUnavailable || attempt === TRIES) throw error;
      await delay(error.retryAfterMs ?? 1000);
    }
  }
}

/** Null if it has not ended within half a minute; it goes on without us. */
async function ended(messageId: string): Promise<MessageStatus | null> {
  const until = Date.now() + PATIENCE_MS;
  while (Date.now() < until) {
    const status = await courier.status(messageId);
    if (status && ['sent', 'held', 'unknown', 'dead', 'cancelled'].includes(status.state)) {
      return status;
    }
    await delay(200);
  }
  return null;
}

const [order = '1001', openid = 'oABCDEFGHIJKLMNOPQRSTUVWXYZ0'] = process.argv.slice(2);
const messageId = await tellPaid(order, openid);
const end = await ended(messageId);
switch (end?.state) {
  case 'sent':
  case 'held':
    console.log(`${messageId}: told`);
    break;
  case 'dead':
    console.log(`${messageId}: not told (${end.reason}); tell them in another way`);
    break;
  case 'unknown':
    console.log(`${messageId}: nobody knows; an operator decides (courier unknown list)`);
    break;
  default:
    console.log(`${messageId}: on its way`);
}
await courier.close();
