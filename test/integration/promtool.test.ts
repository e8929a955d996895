import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { DEPLOY, expressionsOf, filledIn, read, readDashboard } from '../helpers/monitoring.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'courier-promtool-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const PROMETHEUS = path.join(DEPLOY, 'prometheus');
/** The cases cover days; a machine that does much else takes its time. */
const LONG_MS = 180_000;

/** What promtool says, after how it ended. */
async function promtool(...args: readonly string[]): Promise<string> {
  const program = process.env['PROMTOOL_BIN'] ?? 'promtool';
  try {
    const { stdout, stderr } = await promisify(execFile)(program, args, { cwd: PROMETHEUS });
    return `passed\n${stdout}${stderr}`;
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as Error & Record<string, string>;
    return `failed\n${stdout}${stderr === '' ? message : stderr}`;
  }
}

function write(name: string, text: string): string {
  const file = path.join(dir, name);
  writeFileSync(file, text);
  return file;
}

describe('the alert rules', () => {
  it('are understood by Prometheus', async () => {
    expect(await promtool('check', 'rules', 'alerts.yml')).toMatch(/^passed/);
  });

  it.each(['prometheus.yml', 'prometheus.compose.yml'])('are loaded by %s', async (config) => {
    expect(await promtool('check', 'config', config)).toMatch(/^passed[^]*1 rule files found/);
  });

  it(
    'fire when they should, with all their texts, and not otherwise',
    { timeout: LONG_MS },
    async () => {
      expect(await promtool('test', 'rules', 'alerts.test.yml')).toMatch(/^passed/);
    },
  );

  it('are really looked at: a threshold that is off fails', async () => {
    write('alerts.yml', read('prometheus/alerts.yml').replace('> 0.75', '> 0.76'));
    const [head = '', ...cases] = read('prometheus/alerts.test.yml').split(/(?=^ {2}- name: )/m);
    const some = cases.filter((text) => text.includes('CourierRedisMemoryHigh fires'));
    const test = write('alerts.test.yml', [head, ...some].join(''));
    expect(await promtool('test', 'rules', test)).toMatch(/^failed[^]*CourierRedisMemoryHigh/);
  });
});

describe('the Grafana dashboard', () => {
  it('asks only what Prometheus understands', async () => {
    const rules = expressionsOf(readDashboard()).map((expr, place) => ({
      record: `panel:query:${place}`,
      expr: filledIn(expr),
    }));
    const file = write('panels.yml', stringify({ groups: [{ name: 'panels', rules }] }));
    expect(await promtool('check', 'rules', file)).toMatch(
      new RegExp(`^passed[^]*${rules.length} rules found`),
    );
  });
});
