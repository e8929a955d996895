import type { z } from 'zod';
import type { Issue } from './errors.ts';
import { nearestName } from './nearest-name.ts';
import { maskOpenids } from './openid.ts';

type Path = readonly PropertyKey[];

/** How much of a caller's value an error may repeat. */
const SHOWN_LENGTH = 40;

/** Characters that a terminal would obey instead of showing. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u2028\u2029]/gu;

/**
 * A JSON pointer (RFC 6901) from the names of the way down. A name that no field has anyway,
 * since it is longer than 40 characters or unprintable, is shortened and cleaned.
 */
export function pointer(path: Path): string {
  return path.map((step) => `/${stepOf(String(step))}`).join('');
}

function stepOf(name: string): string {
  const clean = shortened(name).replaceAll(UNPRINTABLE, '�');
  return clean.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** A value as an error shows it: at most 40 characters, quoted, nothing unprintable, no openid. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (typeof value === 'string') return value === '' ? 'an empty string' : quoted(value);
  if (Array.isArray(value))
    return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'object') return isEmpty(value) ? 'an empty object' : 'an object';
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return `the ${typeof value} ${String(value).slice(0, SHOWN_LENGTH)}`;
  return `a ${typeof value}`;
}

function isEmpty(object: object): boolean {
  return Object.keys(object).length === 0;
}

/** `expected X, got Y`: the one form every reason has. */
export function expectedGot(expected: string, value: unknown): string {
  return `expected ${expected}, got ${shown(value)}`;
}

/** What is at the end of a path of own properties, or undefined. */
export function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step))
      return undefined;
    value = (value as Record<PropertyKey, unknown>)[step];
  }
  return value;
}

/**
 * Our issues from zod's. The message of a schema of ours is the phrase after "expected"; what
 * came is read from the input, unless a check of ours measured it (`params.got`).
 */
export function issuesOf(
  error: z.core.$ZodError,
  input: unknown,
  options: { base?: Path; show?: (value: unknown, path: Path) => string } = {},
): Issue[] {
  const base = options.base ?? [];
  const show = options.show ?? shown;
  return error.issues.flatMap((issue) => issueOf(issue, []));

  function issueOf(issue: z.core.$ZodIssue, above: Path): Issue[] {
    const path = [...above, ...issue.path];
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        path: pointer([...base, ...path, key]),
        reason: unknownField(key, issue.message.split(', ')),
      }));
    }
    if (issue.code === 'invalid_union') {
      const deepest = issue.errors.find((branch) => branch.some((inner) => inner.path.length > 0));
      if (deepest) return deepest.flatMap((inner) => issueOf(inner, path));
    }
    const measured = issue.code === 'custom' ? issue.params?.['got'] : undefined;
    const got = typeof measured === 'string' ? measured : show(valueAt(input, path), path);
    return [{ path: pointer([...base, ...path]), reason: `expected ${issue.message}, got ${got}` }];
  }
}

/** The reason for a field nobody knows, with the name that was probably meant. */
function unknownField(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  const hint = nearest ? `did you mean ${quoted(nearest)}?` : `known are ${known.join(', ')}`;
  return `expected no field ${quoted(name)}: ${hint}`;
}

function quoted(text: string): string {
  return JSON.stringify(shortened(text)).replaceAll(UNPRINTABLE, '�');
}

/** At most 40 characters, with an ellipsis for what was left out; openids are masked before. */
function shortened(whole: string): string {
  const text = maskOpenids(whole.slice(0, SHOWN_LENGTH * 4));
  const short = Array.from(text.slice(0, SHOWN_LENGTH * 2))
    .slice(0, SHOWN_LENGTH)
    .join('');
  return short.length < text.length ? `${short}…` : short;
}
