import { z } from 'zod';
import type { Account } from './account.ts';
import { done, type ControlCall, type ControlDeps, type ControlReply } from './control-call.ts';
import type { TokenFamily } from './token.ts';

const target = {
  appId: z.string().min(1),
  family: z.enum(['stable', 'classic']).default('stable'),
};

const tokenActionSchema = z.discriminatedUnion('action', [
  /** The current token has run out: 42001 until somebody fetches. */
  z.strictObject({ action: z.literal('expire'), ...target }),
  /**
   * `replaced`: somebody refreshed, the old token is dead (or overlaps) and a normal call gives
   * the new one. `sticky`: the current token is refused and a normal call keeps giving it.
   */
  z.strictObject({
    action: z.literal('revoke'),
    ...target,
    mode: z.enum(['replaced', 'sticky']).default('replaced'),
    keepOverlap: z.boolean().default(false),
  }),
  /** Somebody refreshes again and again. */
  z.strictObject({
    action: z.literal('adversary'),
    ...target,
    everyMs: z.number().int().min(10).max(3_600_000),
    keepOverlap: z.boolean().default(false),
  }),
  z.strictObject({ action: z.literal('stop-adversary'), ...target }),
]);

/** `/_control/tokens`: what happens to tokens without the sender's doing. */
export function controlTokens(deps: ControlDeps, call: ControlCall): ControlReply {
  const { accounts, clock } = deps.world;
  if (call.method !== 'POST') {
    const account = accounts.get(call.query.get('appId') ?? '');
    if (account === undefined) return { status: 404, json: { error: 'no such account' } };
    return done(tokensView(account, clock.now()));
  }
  const action = tokenActionSchema.parse(call.body);
  const account = accounts.get(action.appId) ?? accounts.set({ appId: action.appId });
  switch (action.action) {
    case 'expire':
      account.tokens.family(action.family).expireCurrent();
      break;
    case 'revoke':
      if (action.mode === 'sticky') account.tokens.refuseCurrent(action.family);
      else account.tokens.replace(action.family, action.keepOverlap);
      break;
    case 'adversary':
      deps.adversaries.start(action.appId, action.family, action.everyMs, action.keepOverlap);
      break;
    case 'stop-adversary':
      deps.adversaries.stop(action.appId, action.family);
      break;
  }
  return done(tokensView(account, clock.now()));
}

function tokensView({ appId, tokens }: Account, now: number): unknown {
  return {
    appId,
    stable: familyView(tokens.stable, now),
    classic: familyView(tokens.classic, now),
    fetches: tokens.counts,
  };
}

/** Never the value: a generation says which one it is. */
function familyView(family: TokenFamily, now: number): unknown {
  const token = family.current;
  if (token === undefined) return { generation: 0 };
  return {
    generation: token.generation,
    expiresInMs: Math.max(0, token.expiresAt - now),
    refused: token.refused,
  };
}
