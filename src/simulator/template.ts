import { z } from 'zod';
import { isValidValue, shownLegacyValue, typeOfVariable } from './template-value.ts';

/** A template of one account. */
export const templateSchema = z.strictObject({
  id: z.string().min(1),
  /** `category`: typed values, refused when wrong. `legacy`: industry ones, silently cut. */
  family: z.enum(['category', 'legacy']).default('category'),
  /** Variables that must be there; none checked when absent. */
  fields: z.array(z.string().min(1)).optional(),
  /** The approved texts of `const` variables, by variable. */
  constants: z.record(z.string(), z.array(z.string())).default({}),
  /** Banned templates answer 43116. */
  banned: z.boolean().default(false),
});
export type Template = z.infer<typeof templateSchema>;

/** The ids seen in the field are this long; another length is 40036. */
export const TEMPLATE_ID_LENGTH = 43;

/** The template data was taken, or the field that was not (47003). */
export type DataVerdict =
  | {
      readonly kind: 'fine';
      /** What readers see where it differs from what was sent. */
      readonly shown: Readonly<Record<string, string>> | undefined;
    }
  | { readonly kind: 'invalid'; readonly field: string };

/**
 * Judges `data` of a template message. Without a registered template the names decide: typed
 * ones (`thing1`) follow the rules of category templates, others are cut like legacy ones.
 */
export function judgeData(data: unknown, template: Template | undefined): DataVerdict {
  if (!isObject(data)) return { kind: 'invalid', field: 'data' };
  for (const field of template?.fields ?? []) {
    if (!Object.hasOwn(data, field)) return invalid(field);
  }
  let shown: Record<string, string> | undefined;
  for (const [field, entry] of Object.entries(data)) {
    const value = isObject(entry) ? entry['value'] : undefined;
    const text = typeof value === 'number' ? String(value) : value;
    if (typeof text !== 'string') return invalid(field);
    const type = template?.family === 'legacy' ? undefined : typeOfVariable(field);
    if (type === undefined) {
      const cut = shownLegacyValue(text);
      if (cut !== text) shown = { ...shown, [field]: cut };
      continue;
    }
    if (!isValidValue(type, text)) return invalid(field);
    const approved = template?.constants[field];
    if (approved !== undefined && !approved.includes(text)) return invalid(field);
  }
  return { kind: 'fine', shown };
}

function invalid(field: string): DataVerdict {
  return { kind: 'invalid', field: `data.${field}.value` };
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
