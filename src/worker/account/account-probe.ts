import type { Logger } from '../../shared/logger.ts';
import type { Service } from '../../shared/lifecycle.ts';
import type { Tokens } from '../token/tokens.ts';
import { every } from '../../shared/every.ts';
import type { AccountPause } from './account-pause.ts';

const LOOK_INTERVAL_MS = 5000;

/**
 * Tries now and then whether a paused account works again, so that a corrected whitelist needs
 * no second action. One process of all does it, by asking for a token.
 */
export function createAccountProbe(deps: {
  readonly pause: AccountPause;
  readonly tokens: Tokens;
  readonly generation: () => Promise<string>;
  readonly logger: Logger;
}): Service {
  const { pause, tokens, generation, logger } = deps;
  return every('account-probe', LOOK_INTERVAL_MS, logger, async () => {
    if (!(await pause.claimProbe())) return;
    const result = await tokens.renew(await generation(), 'probe');
    if (result.kind === 'token') await pause.resume();
    else await pause.postpone();
  });
}
