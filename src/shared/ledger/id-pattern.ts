/**
 * A caller's id without its number: of `order-1002-paid` what stands before and behind `1002`.
 * An account has a handful of them, however many messages it sends.
 */
export interface IdPattern {
  readonly before: string;
  readonly behind: string;
}

const LONGEST = 32;

/**
 * Without the words that its number reaches over, and what is between them: of `paid-SO1002`
 * without `SO1002`. Null for an id of which nothing is left then, or too much.
 */
export function wordPattern(id: string): IdPattern | null {
  const first = id.search(/\d/);
  if (first === -1) return null;
  const before = id.slice(0, first).replace(/[A-Za-z]+$/, '');
  const behind = /[^A-Za-z0-9]\D*$|$/.exec(id)?.[0] ?? '';
  return bounded({ before, behind });
}

/**
 * Without its digits only, where letters touch them: of `SO1002-paid` without `1002`. Null for
 * every other id, and for one with letters between its digits, as random ones have: each would
 * be another pattern.
 */
export function digitPattern(id: string): IdPattern | null {
  const [, before = '', behind = ''] = /^(\D*)\d+(?:[^A-Za-z0-9]+\d+)*(\D*)$/.exec(id) ?? [];
  return /[A-Za-z]$/.test(before) || /^[A-Za-z]/.test(behind) ? bounded({ before, behind }) : null;
}

function bounded(pattern: IdPattern): IdPattern | null {
  const { before, behind } = pattern;
  if (before === '' && behind === '') return null;
  return before.length > LONGEST || behind.length > LONGEST ? null : pattern;
}

/** Whole ids that a part may belong to, whichever end of it is missing. */
export function completed(part: string, patterns: readonly IdPattern[]): string[] {
  const ids = patterns.flatMap(({ before, behind }) => [
    ...(part.startsWith(before) ? [part + behind] : []),
    ...(part.endsWith(behind) ? [before + part] : []),
    before + part + behind,
  ]);
  return [...new Set(ids)].filter((id) => id !== part);
}
