/**
 * A service that uses the producer: `enqueue <envelope as JSON>` or `redrive <messageId>`. Runs
 * the build, so that a preload sees the same packages.
 */
import { createProducer } from '../../dist/producer/index.js';

const REPEATS = 10;

const [action, argument] = process.argv.slice(2);
const producer = createProducer();
for (let repeat = 1; ; repeat += 1) {
  try {
    await ask();
    break;
  } catch (error) {
    // On a busy machine Redis may miss the deadline; the error says what to do.
    if (error.code !== 'ERR_QUEUE_UNAVAILABLE' || repeat === REPEATS) throw error;
  }
}
await producer.close();

async function ask() {
  switch (action) {
    case 'enqueue':
      return await producer.enqueue(JSON.parse(argument));
    case 'redrive':
      return await producer.deadLetters.redrive(argument);
    default:
      throw new Error(`expected enqueue or redrive, got ${action}`);
  }
}
