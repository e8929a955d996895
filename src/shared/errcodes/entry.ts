import type { ErrcodeClass } from '../outcome.ts';

/** The languages the table speaks: English, and the Simplified Chinese of WeChat's own pages. */
export const LANGUAGES = ['en', 'zh'] as const;
export type Language = (typeof LANGUAGES)[number];
export type Localized = Readonly<Record<Language, string>>;

/**
 * How well a code's meaning is known: `documented` on an official page, `reported` by people
 * who met it, found in the source of an `sdk`, or `inferred`.
 */
export type Confidence = 'documented' | 'reported' | 'sdk' | 'inferred';

/** One of WeChat's codes. Sources: WeChat facts §1.5 and §5. */
export interface Errcode {
  readonly code: number;
  readonly class: ErrcodeClass;
  /** The class when the token endpoint answers it; absent if it is the same. */
  readonly atTokenEndpoint?: ErrcodeClass;
  readonly confidence: Confidence;
  readonly meaning: Localized;
  /** What a person should do. */
  readonly advice: Localized;
  /** `account-config` only: when WeChat itself says how long it refuses. */
  readonly reprobeMs?: number;
  /**
   * `account-config` only: the account may not send messages of this sort. Others go through,
   * so it is this message that ends, as `permanent-payload`.
   */
  readonly concernsMessage?: true;
}

/** An entry of a list whose codes all have one class. */
export type ClassedErrcode = Omit<Errcode, 'class'>;
