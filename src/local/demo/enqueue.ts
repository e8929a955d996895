import { setTimeout as delay } from 'node:timers/promises';
import type { EnvelopeInput, Producer } from '../../producer/index.ts';

/** One message that was accepted for sending. */
export interface Accepted {
  readonly id: string;
  readonly messageId: string;
  readonly envelope: EnvelopeInput;
}

export interface Handover {
  readonly accepted: readonly Accepted[];
  /** Calls the shop repeated, and how many of them were answered `duplicate`. */
  readonly repeated: number;
  readonly duplicates: number;
}

const BURST = 50;
const BURST_PAUSE_MS = 60;
/** Of every so many bursts the shop "does not hear" the answer, and repeats the call. */
const REPEAT_EVERY = 5;

/**
 * Hands the messages over as a shop does: in bursts, repeating some of them.
 *
 * @throws Error if one is rejected: the orders are all valid
 */
export async function handOver(
  producer: Producer,
  envelopes: readonly (EnvelopeInput & { id: string })[],
): Promise<Handover> {
  const accepted: Accepted[] = [];
  let repeated = 0;
  let duplicates = 0;
  for (let start = 0; start < envelopes.length; start += BURST) {
    const burst = envelopes.slice(start, start + BURST);
    const results = await producer.enqueueMany(burst);
    for (const [index, result] of results.entries()) {
      const envelope = burst[index];
      if (!envelope) throw new Error('more results than envelopes');
      if (result.status === 'rejected') throw new Error(`${envelope.id}: ${result.message}`);
      accepted.push({ id: envelope.id, messageId: result.messageId, envelope });
    }
    if ((start / BURST) % REPEAT_EVERY === REPEAT_EVERY - 1) {
      const again = await producer.enqueueMany(burst);
      repeated += again.length;
      duplicates += again.filter(({ status }) => status === 'duplicate').length;
    }
    await delay(BURST_PAUSE_MS);
  }
  return { accepted, repeated, duplicates };
}
