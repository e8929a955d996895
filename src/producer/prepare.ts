import type { Clock } from '../shared/clock.ts';
import { CourierError, type Issue } from '../shared/errors.ts';
import { contentHash } from '../shared/message/content-hash.ts';
import { type Envelope, validateEnvelope } from '../shared/message/envelope.ts';
import { deriveMessageId, randomMessageId } from '../shared/message/message-id.ts';
import { maskOpenids } from '../shared/openid.ts';
import type { KnownAccounts } from './accounts.ts';

export interface PrepareDeps {
  readonly accounts: KnownAccounts;
  readonly clock: Clock;
  readonly randomBytes: (size: number) => Uint8Array;
  /** Of messages that bring none of their own. */
  readonly traceparent?: string;
}

/** A checked message with its identity. */
export interface Prepared {
  readonly messageId: string;
  readonly messageKey: string;
  readonly envelope: Envelope;
  readonly contentHash?: string;
}

/** Checks one input and gives it its identity; a wrong one becomes the error to tell. */
export function prepare(deps: PrepareDeps, input: unknown): Prepared | CourierError {
  const checked = validateEnvelope(input, deps.clock.now());
  if (!checked.ok) return invalid(checked.issues);
  const envelope = inTrace(checked.envelope, deps.traceparent);
  const { appId, id } = envelope;
  if (!deps.accounts.has(appId)) return unknownAccount(appId);
  const messageId =
    id === undefined ? randomMessageId(appId, deps.randomBytes) : deriveMessageId(appId, id);
  return {
    messageId,
    messageKey: messageId.slice(appId.length + 1),
    envelope,
    ...(id !== undefined && { contentHash: contentHash(envelope.kind, envelope.message) }),
  };
}

function inTrace(envelope: Envelope, traceparent: string | undefined): Envelope {
  if (traceparent === undefined || envelope.traceparent !== undefined) return envelope;
  return { ...envelope, traceparent };
}

/** This id was used before, with other content. */
export function conflict(appId: string, id: string): CourierError {
  return new CourierError(
    'ERR_ID_CONFLICT',
    `The id "${id}" of ${appId} was used before with other content. Use one id per message, and ` +
      'the same content whenever you repeat it.',
  );
}

function invalid(issues: readonly Issue[]): CourierError {
  const first = issues[0];
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  const text = first ? `${first.path || 'envelope'}: ${first.reason}${more}` : 'not valid';
  return new CourierError('ERR_INVALID_MESSAGE', text, { issues });
}

function unknownAccount(appId: string): CourierError {
  return new CourierError(
    'ERR_UNKNOWN_ACCOUNT',
    `Account ${maskOpenids(appId)} is not in the accounts file. Add it there, or correct the appId.`,
  );
}
