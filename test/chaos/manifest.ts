import type { EnvelopeInput } from '../../src/producer/index.ts';
import { deriveMessageId } from '../../src/shared/message/message-id.ts';
import type { Kind } from '../../src/shared/outcome.ts';
import { APP_ID } from './stage.ts';

/** What the producer was told about one message. */
export interface Promised {
  readonly index: number;
  readonly kind: Kind;
  readonly openid: string;
  /** Set once it was acknowledged. */
  readonly messageId: string;
  /** When, in epoch milliseconds. */
  readonly acknowledgedAt: number;
}

/** What the producers of a run handed over and what they were answered. */
export interface Manifest {
  readonly total: number;
  envelope(index: number): EnvelopeInput;
  acknowledge(index: number, messageId: string, at: number): void;
  /** Refused for good: it must never be sent. */
  reject(index: number, code: string): void;
  /** `ERR_QUEUE_UNAVAILABLE`: perhaps taken, to be repeated with the same id. */
  doubt(index: number): void;
  acknowledged(): Promised[];
  /** The recipient of a message, by the second part of its messageId. */
  openidOf(messageKey: string): string | undefined;
  /** Recipients of what was refused. */
  refused(): string[];
  readonly counts: ManifestCounts;
}

export interface ManifestCounts {
  acknowledged: number;
  /** How often the answer was that nobody knows; each was repeated. */
  doubts: number;
  /** By code. */
  readonly rejected: Record<string, number>;
}

export interface ManifestOptions {
  readonly total: number;
  /** The share of customer-service messages. Default 0.25. */
  readonly customShare?: number;
}

export function createManifest({ total, customShare = 0.25 }: ManifestOptions): Manifest {
  const promised = new Map<number, Promised>();
  const refused = new Set<string>();
  // Known before it is acknowledged: a message may be under way by then.
  const openids = new Map<string, string>();
  for (let index = 0; index < total; index += 1) {
    const messageId = deriveMessageId(APP_ID, idOf(index, kindOf(index, customShare)));
    openids.set(messageId.slice(APP_ID.length + 1), openidOf(index));
  }
  const counts: ManifestCounts = { acknowledged: 0, doubts: 0, rejected: {} };
  return {
    total,
    counts,
    envelope: (index) => envelopeOf(index, kindOf(index, customShare)),
    acknowledge(index, messageId, at) {
      if (promised.has(index)) return;
      counts.acknowledged += 1;
      const kind = kindOf(index, customShare);
      promised.set(index, {
        index,
        kind,
        openid: openidOf(index),
        messageId,
        acknowledgedAt: at,
      });
    },
    reject(index, code) {
      refused.add(openidOf(index));
      counts.rejected[code] = (counts.rejected[code] ?? 0) + 1;
    },
    doubt() {
      counts.doubts += 1;
    },
    acknowledged: () => [...promised.values()],
    openidOf: (messageKey) => openids.get(messageKey),
    refused: () => [...refused],
  };
}

/** Spread evenly, so that any part of a run has both kinds. */
export function kindOf(index: number, customShare: number): Kind {
  const before = Math.floor(index * customShare);
  return Math.floor((index + 1) * customShare) > before ? 'custom' : 'template';
}

/** Each message has a recipient of its own: what WeChat took is known by the recipient. */
export function openidOf(index: number): string {
  return `oChaos${String(index).padStart(8, '0')}QxKtVbGpZwLsRn`;
}

function idOf(index: number, kind: Kind): string {
  return `order-${String(index).padStart(8, '0')}-${kind}`;
}

function envelopeOf(index: number, kind: Kind): EnvelopeInput {
  const touser = openidOf(index);
  const id = idOf(index, kind);
  switch (kind) {
    case 'template': {
      const data = { character_string1: { value: `2026${index}` }, thing2: { value: '龙井茶' } };
      const template_id = 'ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY';
      return { appId: APP_ID, kind, id, message: { touser, template_id, data } };
    }
    case 'custom': {
      const text = { content: `您的订单 ${index} 已发货` };
      return { appId: APP_ID, kind, id, message: { touser, msgtype: 'text', text } };
    }
  }
}
