import type { Clock } from '../../shared/clock.ts';
import type { Logger } from '../../shared/logger.ts';
import type { SharedToken, TokenStore } from './token-store.ts';

/**
 * Tells people that something else replaces the tokens of an account. Whoever renews one does not
 * wait for that, nor does a renewal fail with it: messages wait for the token.
 */
export interface Conflict {
  /** WeChat refuses this token. */
  refused(token: SharedToken): void;
  /** A refused token gave way to another one. */
  replaced(): void;
}

export interface ConflictDeps {
  readonly store: Pick<TokenStore, 'firstConflict' | 'countRefusal'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly logger: Logger;
  /** WeChat refuses a token before its time. Called once for each, in one of all processes. */
  readonly onConflict: () => void;
}

/** Within a minute. */
const REFUSALS_OF_A_CONFLICT = 3;

export function createConflict({ store, clock, logger, onConflict }: ConflictDeps): Conflict {
  let conflicted = '';

  /** What several refusals, and several processes, say of one token is one conflict. */
  async function say({ generation, expiresAt }: SharedToken): Promise<void> {
    if (generation === conflicted || expiresAt <= clock.now()) return;
    conflicted = generation;
    // Rather twice than never: a Redis that is full takes no mark.
    if (await store.firstConflict(generation).catch(() => true)) onConflict();
  }

  /** One token that is replaced is an accident; one after the other, somebody replaces them. */
  async function count(): Promise<void> {
    if ((await store.countRefusal().catch(() => 0)) !== REFUSALS_OF_A_CONFLICT) return;
    logger.error(
      { code: 'token-conflict' },
      `WeChat refused ${REFUSALS_OF_A_CONFLICT} fresh tokens within a minute. Something else ` +
        'replaces the tokens of this account: find it, or give it another token source.',
    );
  }

  return {
    refused: (token) => void say(token),
    replaced: () => void count(),
  };
}
