import type { ErrcodeClass } from '../outcome.ts';
import type { Errcode, Language } from './entry.ts';
import { HAPPENS_NOW, UNKNOWN } from './happens-now.ts';
import { TABLE } from './table.ts';

export { LANGUAGES, type Errcode, type Language } from './entry.ts';

/** Which of WeChat's endpoints answered; a few codes mean something else at the token endpoint. */
export type Endpoint = 'send' | 'token';

/** What `courier explain` says about a code, in one language. */
export interface Explanation {
  readonly errcode: number;
  readonly class: ErrcodeClass | 'unknown-code';
  readonly meaning: string;
  readonly advice: string;
  /** What we do about such an answer to a message by ourselves. */
  readonly whatHappensNow: string;
}

const BY_CODE: ReadonlyMap<number, Errcode> = new Map(TABLE.map((entry) => [entry.code, entry]));

/** All codes, ascending. */
export const ERRCODES: readonly Errcode[] = TABLE;

/** The entry of a code, or undefined for one the table does not know. */
export function lookupErrcode(code: number): Errcode | undefined {
  return BY_CODE.get(code);
}

/**
 * The class that decides what becomes of an answer: exactly one for every number. It is the
 * table's, except where the endpoint or the entry says otherwise.
 */
export function classOf(code: number, endpoint: Endpoint): ErrcodeClass | 'unknown-code' {
  const entry = BY_CODE.get(code);
  if (!entry) return 'unknown-code';
  if (endpoint === 'token') return entry.atTokenEndpoint ?? entry.class;
  return entry.concernsMessage ? 'permanent-payload' : entry.class;
}

/** Meaning and advice for people; also for codes the table does not know. */
export function explainErrcode(code: number, language: Language = 'en'): Explanation {
  const entry = BY_CODE.get(code);
  const errcodeClass = entry?.class ?? 'unknown-code';
  const { meaning, advice } = entry ?? UNKNOWN;
  return {
    errcode: code,
    class: errcodeClass,
    meaning: meaning[language],
    advice: advice[language],
    whatHappensNow: HAPPENS_NOW[classOf(code, 'send')][language],
  };
}
