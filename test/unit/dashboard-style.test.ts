import { describe, expect, it, test } from 'vitest';
import { STYLE } from '../../src/dashboard/style.ts';

/** What WCAG 2 asks of text (AA). */
const LEAST = 4.5;
const [light = {}, dark = {}] = [...STYLE.matchAll(/:root \{([^}]*)\}/g)].map(([, rules = '']) =>
  Object.fromEntries(
    [...rules.matchAll(/--(\w+): (#[0-9a-f]{6});/g)].map(([, name = '', value = '']) => [
      name,
      value,
    ]),
  ),
);
const TEXTS = [...STYLE.matchAll(/[{ ]color: ([^;]+);/g)].map(([, value = '']) => value);

function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [bright = 0, dim = 0] = [luminance(one), luminance(other)].toSorted((a, b) => b - a);
  return (bright + 0.05) / (dim + 0.05);
}

test('contrast is computed as WCAG does', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5);
  expect(contrast('#767676', '#ffffff')).toBeCloseTo(4.54, 2);
});

describe.each([
  ['light', light],
  ['dark', dark],
])('%s colours', (_, colors) => {
  it('are all there, and every text has one of them', () => {
    const names = ['bad', 'field', 'good', 'ink', 'link', 'page', 'quiet', 'seen', 'warn'];
    expect(Object.keys(colors).sort()).toEqual(names);
    const known = names.map((name) => `var(--${name})`);
    for (const text of TEXTS) expect(known).toContain(text);
    expect(TEXTS.length).toBeGreaterThan(6);
  });

  it.each([
    ...['ink', 'quiet', 'link', 'seen', 'bad', 'warn', 'good'].map((text) => [text, 'page']),
    ...['ink', 'quiet'].map((text) => [text, 'field']),
  ])('can be read: %s on %s', (text, ground) => {
    const [front, back] = [colors[text] ?? '', colors[ground] ?? ''];
    expect(contrast(front, back)).toBeGreaterThanOrEqual(LEAST);
  });
});
