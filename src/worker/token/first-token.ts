import type { LaneQueue } from '../../shared/lane.ts';
import type { Service } from '../../shared/lifecycle.ts';
import type { Tokens } from './tokens.ts';

/**
 * Gets the token before the lanes of an account start on a backlog. The messages they take
 * while the first one waits for a token would all go out together when it comes, faster than
 * the account's rate. Trouble (at most 3 s) is left to the first message.
 */
export function createFirstToken(tokens: Tokens, lanes: readonly LaneQueue[]): Service {
  return {
    name: 'first-token',
    async start() {
      const waiting = await Promise.all(lanes.map(hasBacklog));
      if (waiting.includes(true)) await tokens.current('');
    },
    stop: () => Promise.resolve(),
  };
}

/** A paused account must not be asked for: its probe does that, in its own time. */
async function hasBacklog(lane: LaneQueue): Promise<boolean> {
  if (await lane.isPaused()) return false;
  return (await lane.getJobCountByTypes('waiting', 'prioritized', 'delayed')) > 0;
}
