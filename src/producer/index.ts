export { createProducer, type Producer, type ProducerOptions } from './producer.ts';
export type { BatchResult, EnqueueResult } from './enqueue.ts';
export type { FoundMessage } from './find.ts';
export type { MessageStatus } from './status.ts';
export type { DeadLetters } from './dead-letters.ts';
export type { DeadLetterFilter, LetterPage } from './letter-pages.ts';
export type {
  UnknownFilter,
  UnknownMessage,
  UnknownMessages,
  UnknownPage,
} from './unknown-messages.ts';
export type { Resolved } from './resolution.ts';
export type { EnvelopeInput } from '../shared/message/envelope.ts';
export type { DeadLetter } from '../shared/dead-letter.ts';
export type { LaneJob } from '../shared/lane.ts';
export { CourierError, type ErrorCode, type Issue, isCourierError } from '../shared/errors.ts';
export type { Attempt, DeadReason, Kind, MessageState, Redrive } from '../shared/outcome.ts';
