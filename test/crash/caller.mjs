/**
 * A service that uses the producer: `enqueue <envelope as JSON>` or `redrive <messageId>`. Runs
 * the build, so that a preload sees the same packages.
 */
import { createProducer } from '../../dist/producer/index.js';

const [action, argument] = process.argv.slice(2);
const producer = createProducer();
switch (action) {
  case 'enqueue':
    await producer.enqueue(JSON.parse(argument));
    break;
  case 'redrive':
    await producer.deadLetters.redrive(argument);
    break;
  default:
    throw new Error(`expected enqueue or redrive, got ${action}`);
}
await producer.close();
