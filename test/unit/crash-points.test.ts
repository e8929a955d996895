import { expect, test } from 'vitest';
import { parseOptions } from '../crash/options.ts';
import { createPassage } from '../crash/passage.mjs';
import { parsePoint, pointsFrom } from '../crash/point.ts';
import { SCENARIOS } from '../crash/scenarios.ts';

test('a point is a label, a moment and an occurrence', () => {
  expect(parsePoint('zrem.dead-pending:before:1')).toBe('zrem.dead-pending:before:1');
  for (const text of [
    'settle',
    'settle:before',
    'settle:before:0',
    'settle:before:1:2',
    'a b:c:1',
  ]) {
    expect(() => parsePoint(text)).toThrow(`expected a point as settle:before:1, got "${text}"`);
  }
});

test('points are those of a recorded run, each once, from one of them on', () => {
  expect(pointsFrom(['a:x:1', 'b:x:1', 'b:x:1', 'c:x:1'], 'b:x:1')).toEqual(['b:x:1', 'c:x:1']);
  expect(pointsFrom(['a:x:1'])).toEqual(['a:x:1']);
  expect(() => pointsFrom(['a:x:1'], 'b:x:1')).toThrow('never passed b:x:1');
});

test('every story is there for both kinds, under a name of its own', () => {
  const names = SCENARIOS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toContain('send-template');
  const of = (kind: string) => names.filter((name) => name.endsWith(`-${kind}`)).length;
  expect(of('template')).toBe(of('custom'));
});

test('options say what they expect', () => {
  expect(parseOptions(['--scenario', 'send-custom', '--at', 'begin:after:1'])).toMatchObject({
    scenarios: [{ name: 'send-custom' }],
    at: 'begin:after:1',
    deaths: [1, 2],
  });
  expect(() => parseOptions(['--scenario', 'sned-custom'])).toThrow('did you mean send-custom?');
  expect(() => parseOptions(['--crashes', '3'])).toThrow('expected 1, 2 or both, got "3"');
  expect(() => parseOptions(['--parallel', '0'])).toThrow('expected a number from 1 to 64');
});

test('a process counts how often it passes a place', () => {
  const passed: string[] = [];
  const pass = createPassage((point) => passed.push(point));
  pass('settle', 'before');
  pass('settle', 'after');
  pass('settle', 'before');
  expect(passed).toEqual(['settle:before:1', 'settle:after:1', 'settle:before:2']);
});
