import { shown } from '../issue.ts';

/** The fields of a message that say what it is, not what it says or to whom. */
export const PLAIN_FIELDS: ReadonlySet<PropertyKey> = new Set(['template_id', 'msgtype', 'lang']);

/**
 * A value of a message as an error shows it: callers log errors, and so does the relay of the
 * outbox. What a customer would read, and who that is, is only described.
 *
 * @param path from the message down
 */
export function shownValue(value: unknown, path: readonly PropertyKey[]): string {
  const [field = ''] = path;
  if (PLAIN_FIELDS.has(field) && path.length === 1) return shown(value);
  if (typeof value === 'number' || typeof value === 'bigint') return 'a number';
  if (typeof value !== 'string' || value === '') return shown(value);
  return `a text of ${value.length} characters`;
}
