/**
 * The value rules of category templates: every variable's name starts with its type, and a
 * value that breaks the type's rule is refused (47003). Limits from WeChat's pages on template
 * and subscription messages; how a character outside the basic plane counts is undocumented,
 * here it counts once.
 */
const RULES: Readonly<Record<string, (value: string) => boolean>> = {
  thing: (value) => atMost(value, 20),
  character_string: (value) => atMost(value, 32) && !HAN.test(value),
  time: (value) => value.split('~').length <= 2 && value.split('~').every(isTime),
  date: (value) => value.split('~').length <= 2 && value.split('~').every(isDate),
  amount: (value) => /^[¥¥$€£]?\d{1,12}(\.\d+)?元?$/u.test(value),
  phone_number: (value) => /^[\d+\-() *#]{1,17}$/u.test(value),
  car_number: (value) =>
    /^[\p{Script=Han}A-Za-z0-9][A-Za-z0-9]{0,6}[\p{Script=Han}A-Za-z0-9]$/u.test(value),
  const: (value) => atMost(value, 20),
  phrase: (value) => /^\p{Script=Han}{1,5}$/u.test(value),
  short_thing: (value) => atMost(value, 5),
  number: (value) => atMost(value, 32) && /^-?\d+(\.\d+)?$/u.test(value),
  letter: (value) => /^[A-Za-z]{1,32}$/u.test(value),
  symbol: (value) => atMost(value, 5) && !/[\p{L}\p{N}]/u.test(value),
  name: (value) => /^\p{Script=Han}{1,10}$/u.test(value) || /^[A-Za-z .·'-]{1,20}$/u.test(value),
};

const HAN = /\p{Script=Han}/u;
const CONTROL = /\p{Cc}/u;
const DAY = /^(\d{4}年\d{1,2}月\d{1,2}日|\d{4}[-/.]\d{1,2}[-/.]\d{1,2})/u;
const CLOCK = /^([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/u;

/** The type in a variable's name (`thing1` → `thing`), if it is one of a category template. */
export function typeOfVariable(name: string): string | undefined {
  const type = /^([a-z_]+?)\d+$/u.exec(name)?.[1];
  return type !== undefined && Object.hasOwn(RULES, type) ? type : undefined;
}

/** Whether a category template takes this value; empty ones and control characters it refuses. */
export function isValidValue(type: string, value: string): boolean {
  return value !== '' && !CONTROL.test(value) && (RULES[type]?.(value) ?? true);
}

function atMost(value: string, limit: number): boolean {
  return value.length <= limit || [...value].length <= limit;
}

function isTime(text: string): boolean {
  return CLOCK.test(text.trim().replace(DAY, '').trim());
}

function isDate(text: string): boolean {
  const trimmed = text.trim();
  const rest = trimmed.replace(DAY, '').trim();
  return DAY.test(trimmed) && (rest === '' || CLOCK.test(rest));
}

const LEGACY_LINE = 20;

/**
 * What a reader sees of a legacy template's value since May 2023: about twenty units, a run of
 * Latin letters or digits being one, then an ellipsis. The sender is told nothing.
 */
export function shownLegacyValue(value: string): string {
  if (value.length <= LEGACY_LINE) return value;
  const units = value.match(/[A-Za-z0-9]+|[^A-Za-z0-9]/gsu) ?? [];
  return units.length <= LEGACY_LINE ? value : `${units.slice(0, LEGACY_LINE).join('')}…`;
}
