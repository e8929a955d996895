import type { z } from 'zod';
import { CourierError } from '../shared/errors.ts';
import { issuesOf } from '../shared/issue.ts';

/**
 * A query or a body by its schema.
 *
 * @throws CourierError `ERR_INVALID_FILTER` with one issue for each field
 */
export function checked<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const issues = issuesOf(parsed.error, input);
  const [first] = issues;
  throw new CourierError('ERR_INVALID_FILTER', `${first?.path}: ${first?.reason}`, { issues });
}
