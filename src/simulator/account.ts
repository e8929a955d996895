import { z } from 'zod';
import type { SimulatorClock } from './clock.ts';
import { Quotas } from './quota.ts';
import type { Random } from './random.ts';
import { RecipientGuard } from './recipient-guard.ts';
import { Recipients, recipientSchema } from './recipient.ts';
import type { Settings } from './settings.ts';
import { DedupeTable } from './dedupe.ts';
import { templateSchema, type Template } from './template.ts';
import type { Token } from './token.ts';
import { TokenIssuer } from './token-issuer.ts';

const conditionSchema = z.enum([
  'ok',
  'ip-not-listed',
  'ip-awaiting-admin',
  'ip-refused-for-a-day',
  'ip-refused-for-an-hour',
  'secret-frozen',
  'token-api-forbidden',
  'account-frozen',
  'user-limited',
  'not-verified',
  'api-banned',
]);
export type Condition = z.infer<typeof conditionSchema>;

/** What a condition makes of token calls and of sends. */
interface ConditionCodes {
  readonly tokens?: number;
  readonly sends?: number;
}

/** What may be wrong with an account, and the errcode its token and its send calls then get. */
export const CONDITIONS: Readonly<Record<Condition, ConditionCodes>> = {
  ok: {},
  'ip-not-listed': { tokens: 40164 },
  'ip-awaiting-admin': { tokens: 89503 },
  'ip-refused-for-a-day': { tokens: 89506 },
  'ip-refused-for-an-hour': { tokens: 89507 },
  'secret-frozen': { tokens: 40243 },
  'token-api-forbidden': { tokens: 50004 },
  'account-frozen': { tokens: 50007 },
  'user-limited': { tokens: 50002, sends: 50002 },
  'not-verified': { sends: 48001 },
  'api-banned': { sends: 48004 },
};

export const quotaChangeSchema = z.strictObject({
  path: z.string().startsWith('/'),
  daily: z.number().int().min(0).optional(),
  perMinute: z.number().int().min(0).optional(),
  used: z.number().int().min(0).optional(),
});

/** An account as the control API and the config file set it; absent parts stay as they are. */
export const accountSchema = z.strictObject({
  appId: z.string().min(1).max(64),
  /** Absent: any secret is right. */
  secret: z.string().min(1).optional(),
  condition: conditionSchema.optional(),
  /** The address shown by 40164; the caller's own when absent. */
  callIp: z.string().optional(),
  templates: z.array(templateSchema).optional(),
  recipients: z.array(recipientSchema).optional(),
  quotas: z.array(quotaChangeSchema).optional(),
});
export type AccountSpec = z.infer<typeof accountSchema>;

export interface Account {
  readonly appId: string;
  secret: string | undefined;
  condition: Condition;
  callIp: string | undefined;
  readonly tokens: TokenIssuer;
  readonly quotas: Quotas;
  readonly recipients: Recipients;
  readonly templates: Map<string, Template>;
  readonly dedupe: DedupeTable;
  readonly guard: RecipientGuard;
}

export interface AccountDeps {
  readonly clock: SimulatorClock;
  readonly random: Random;
  readonly settings: Settings;
}

/** All accounts, and what spans them: whose a token is, and whose an openid is. */
export class Accounts {
  readonly #deps: AccountDeps;
  readonly #accounts = new Map<string, Account>();
  readonly #owners = new Map<string, string>();
  readonly #tokens = new Map<string, Token>();

  constructor(deps: AccountDeps) {
    this.#deps = deps;
  }

  get(appId: string): Account | undefined {
    return this.#accounts.get(appId);
  }

  /** The account a token call names, made up on the spot where strangers are welcome. */
  getOrAdmit(appId: string): Account | undefined {
    const account = this.#accounts.get(appId);
    if (account !== undefined || !this.#deps.settings.acceptAnyAccount) return account;
    return this.set({ appId });
  }

  all(): Account[] {
    return [...this.#accounts.values()];
  }

  token(value: string): Token | undefined {
    return this.#tokens.get(value);
  }

  set(spec: AccountSpec): Account {
    const account = this.#accounts.get(spec.appId) ?? this.#create(spec.appId);
    this.#accounts.set(spec.appId, account);
    if (spec.secret !== undefined) account.secret = spec.secret;
    if (spec.condition !== undefined) account.condition = spec.condition;
    if (spec.callIp !== undefined) account.callIp = spec.callIp;
    for (const template of spec.templates ?? []) account.templates.set(template.id, template);
    for (const recipient of spec.recipients ?? []) account.recipients.set(recipient);
    for (const { path, ...change } of spec.quotas ?? []) account.quotas.set(path, change);
    return account;
  }

  #create(appId: string): Account {
    const deps = this.#deps;
    return {
      appId,
      secret: undefined,
      condition: 'ok',
      callIp: undefined,
      tokens: new TokenIssuer(appId, { ...deps, index: this.#tokens }),
      quotas: new Quotas(deps),
      recipients: new Recipients(appId, { ...deps, owners: this.#owners }),
      templates: new Map(),
      dedupe: new DedupeTable(deps),
      guard: new RecipientGuard(deps),
    };
  }
}
