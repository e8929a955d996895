import { randomBytes } from 'node:crypto';
import type { SimulatorClock } from './clock.ts';
import type { Random } from './random.ts';
import type { Settings } from './settings.ts';

/** The two issuing endpoints keep tokens that know nothing of each other. */
export type FamilyName = 'stable' | 'classic';

/** One issued token. Its value stays inside; everything we show says family and generation. */
export interface Token {
  readonly value: string;
  readonly appId: string;
  readonly family: TokenFamily;
  readonly generation: number;
  expiresAt: number;
  /** Until when business calls take it: its expiry, or the end of the overlap. */
  acceptedUntil: number;
  /** Refused although it is current: the "sticky" revocation. */
  refused: boolean;
}

export interface TokenDeps {
  readonly clock: SimulatorClock;
  readonly random: Random;
  readonly settings: Settings;
  /** All tokens of all accounts by value. */
  readonly index: Map<string, Token>;
}

/** Older generations are forgotten, so that an endless adversary does not fill the memory. */
const REMEMBERED = 200;

/** The tokens of one account from one endpoint, the newest being the current one. */
export class TokenFamily {
  readonly name: FamilyName;
  readonly #appId: string;
  readonly #deps: TokenDeps;
  #tokens: Token[] = [];
  #generation = 0;

  constructor(name: FamilyName, appId: string, deps: TokenDeps) {
    this.name = name;
    this.#appId = appId;
    this.#deps = deps;
  }

  get current(): Token | undefined {
    return this.#tokens.at(-1);
  }

  get generation(): number {
    return this.#generation;
  }

  /** Makes a new current token; the one before lives on for the overlap. */
  issue(): Token {
    const { clock, settings, index } = this.#deps;
    const now = clock.now();
    const before = this.current;
    if (before !== undefined) {
      const overlapEnd = now + settings.tokenOverlapSeconds * 1_000;
      before.acceptedUntil = Math.min(before.acceptedUntil, overlapEnd);
    }
    this.#generation += 1;
    const expiresAt = now + settings.tokenLifeSeconds * 1_000;
    const token: Token = {
      value: tokenValue(settings.longTokens, this.#deps.random),
      appId: this.#appId,
      family: this,
      generation: this.#generation,
      expiresAt,
      acceptedUntil: expiresAt,
      refused: false,
    };
    this.#tokens.push(token);
    index.set(token.value, token);
    while (this.#tokens.length > REMEMBERED) index.delete(this.#tokens.shift()?.value ?? '');
    return token;
  }

  /** Ends the overlap of every token but the newest, as a second forced refresh does. */
  endOverlaps(): void {
    const now = this.#deps.clock.now();
    for (const token of this.#tokens.slice(0, -1)) {
      token.acceptedUntil = Math.min(token.acceptedUntil, now);
    }
  }

  /** The current token has run out as of now. */
  expireCurrent(): void {
    const token = this.current;
    if (token === undefined) return;
    token.expiresAt = this.#deps.clock.now();
    token.acceptedUntil = token.expiresAt;
  }
}

const LONGEST = 512;
/** Tokens seen in the field: digits, an underscore, then URL-safe base64; the number grows. */
const PREFIX = '92_';
export const TOKEN_SHAPE = /^\d{1,4}_[A-Za-z0-9_-]{100,}$/;

function tokenValue(long: Settings['longTokens'], random: Random): string {
  const isLong = long === 'always' || (long === 'sometimes' && random() < 0.1);
  const length = isLong ? LONGEST : 136 + Math.floor(random() * 25);
  return (
    PREFIX +
    randomBytes(length)
      .toString('base64url')
      .slice(0, length - PREFIX.length)
  );
}

/** Why a token is not taken, or 0 when it is. Missing and malformed ones are others' matter. */
export function judgeToken(token: Token, now: number): 0 | 40001 | 42001 {
  if (token.refused) return 40001;
  if (now < token.acceptedUntil) return 0;
  const isNewest = token.family.current?.generation === token.generation;
  return isNewest ? 42001 : 40001;
}
