/**
 * Text that is markup on purpose; everything else is escaped. Only this file makes it: what came
 * out of Redis may have any form, and is none.
 */
class Markup {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }
  get html(): string {
    return this.#text;
  }
}

export type Html = Markup;

type Value = Html | string | number | null | undefined | false | readonly Value[];

/** Markup with values in it. A value that is not markup itself shows as the text it is. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  const text = parts.reduce((sum, part, index) => sum + rendered(values[index - 1]) + part);
  return new Markup(text);
}

/** @param value what a {@link Value} should be; of a planted job it may be anything */
function rendered(value: unknown): string {
  if (value === null || value === undefined || value === false) return '';
  if (value instanceof Markup) return value.html;
  if (Array.isArray(value)) return value.map(rendered).join('');
  const isText = typeof value === 'string' || typeof value === 'number';
  return escaped(isText ? String(value) : JSON.stringify(value));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (unit) => ENTITIES[unit] ?? unit);
}
