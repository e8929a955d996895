import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { buildProgram } from '../../src/cli/program.ts';
import {
  expressionsOf,
  filledIn,
  type Panel,
  read,
  readDashboard,
  readRules,
} from '../helpers/monitoring.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const doc = (name: string) => readFileSync(path.join(ROOT, 'docs', name), 'utf8');
const RUNBOOKS = ['runbook.md', 'runbook.zh-CN.md'];

const rules = readRules();
const alerts = rules.flatMap((rule) => (rule.alert === undefined ? [] : [rule.alert]));
const dashboard = readDashboard();

/** Each metric of docs/metrics.md with its labels. */
const documented = new Map(
  [...doc('metrics.md').matchAll(/^\| `(courier_\w+)` \| \w+ \| ([^|]+) \|/gm)].map(
    ([, name = '', labels = '']) => [name, labels.split(',').map((label) => label.trim())],
  ),
);
/** What Prometheus itself and every Node process add. */
const STANDARD = ['up', 'process_resident_memory_bytes', 'process_cpu_seconds_total'];
/** The labels of every target, and of histograms. */
const OF_ALL = ['job', 'instance', 'installation', 'le'];

describe('alerts', () => {
  it.each(rules)('what $alert$record adds up or compares is of one installation', ({ expr }) => {
    const groups = [...expr.matchAll(/\b(?:by|on)\s*\(([^)]*)\)/g)].map(([, list = '']) => list);
    // Whether there is anything at all is asked over all of them.
    for (const list of groups.filter((one) => one !== ''))
      expect(list.split(', ')).toContain('installation');
    const everything = /\b(?:sum|max|min|count|group|avg)\s*\(/.exec(expr);
    expect(everything, 'it has no by (installation, …)').toBeNull();
  });

  it.each(rules.filter(({ alert }) => alert !== undefined))(
    '$alert says how urgent it is, what is wrong, and where to read on',
    ({ alert = '', labels, annotations }) => {
      expect(labels?.['severity']).toMatch(/^(?:page|ticket)$/);
      expect(Object.keys(annotations ?? {})).toEqual(['summary', 'description', 'runbook_url']);
      expect(annotations?.['runbook_url']).toBe(
        `{{ $externalLabels.repository }}/docs/runbook.md#${alert.toLowerCase()}`,
      );
    },
  );

  it.each(alerts)('%s has cases in which it fires and in which it is silent', (alert) => {
    const { tests } = parse(read('prometheus/alerts.test.yml')) as {
      tests: { alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }[];
    };
    const expected = tests
      .flatMap(({ alert_rule_test: cases }) => cases)
      .filter(({ alertname }) => alertname === alert)
      .map(({ exp_alerts: fired }) => fired.length > 0);
    expect(new Set(expected)).toEqual(new Set([true, false]));
  });
});

describe.each(RUNBOOKS)('docs/%s', (name) => {
  const text = doc(name);

  it('has one section for each alert, in their order, with its severity', () => {
    const sections = [...text.matchAll(/^## (Courier\w+)\n\n`(\w+)`/gm)];
    expect(sections.map(([, alert, severity]) => [alert, severity])).toEqual(
      rules.flatMap(({ alert, labels }) => (alert ? [[alert, labels?.['severity']]] : [])),
    );
  });

  it('says of each what customers notice, where to look, how to repair and whom to wake', () => {
    for (const section of text.split(/^## (?=Courier)/m).slice(1)) {
      expect(section.match(/^- \*\*/gm), section).toHaveLength(4);
      expect(section).toContain('```sh\ncourier ');
    }
  });

  it('types only commands and flags that courier has', () => {
    const lines = [
      ...text.matchAll(/^courier .+$/gm),
      ...[...text.matchAll(/`(courier [^`…]+)`/g)].map(([, line = '']) => [line]),
    ].map(([line = '']) => line.replace(/\s+#.*/, ''));
    expect(lines.length).toBeGreaterThan(50);
    expect(lines.filter((line) => !isCommand(line))).toEqual([]);
  });
});

/** Whether the line names a command (and subcommand) that exists, with flags and arguments it has. */
function isCommand(line: string): boolean {
  const [, ...words] = line.split(' ');
  let command = buildProgram();
  while (command.commands.length > 0) {
    const next = command.commands.find((one) => one.name() === words[0]);
    if (!next) return false;
    words.shift();
    command = next;
  }
  const { operands, unknown } = command.parseOptions(words);
  const needed = command.registeredArguments;
  const least = needed.filter(({ required }) => required).length;
  const most = needed.some(({ variadic }) => variadic) ? Infinity : needed.length;
  return unknown.length === 0 && operands.length >= least && operands.length <= most;
}

describe.each(['metrics.md', 'metrics.zh-CN.md'])('the jobs of docs/%s', (name) => {
  it('have names that rules and panels look for', () => {
    const jobs = [...doc(name).matchAll(/job_name: (\S+)/g)].map(([, job]) => job);
    expect(jobs.length).toBeGreaterThan(0);
    for (const job of jobs) expect(job).toMatch(/^courier-.+/);
  });
});

describe('what rules and panels ask for', () => {
  const recorded = rules.flatMap(({ record }) => (record === undefined ? [] : [record]));
  const expressions = [
    ...rules.map(({ expr }) => expr),
    ...expressionsOf(dashboard).map((expr) => filledIn(expr)),
  ];

  it('is documented', () => {
    const asked = new Set(expressions.flatMap((expr) => metricsOf(expr)));
    const known = new Set([...documented.keys(), ...STANDARD, ...recorded]);
    expect(asked.size).toBeGreaterThan(25);
    expect([...asked].filter((metric) => !known.has(metric))).toEqual([]);
  });

  it('has the labels it is asked by', () => {
    const wrong = expressions.flatMap((expr) => {
      const ofIts = metricsOf(expr).flatMap((metric) => documented.get(metric) ?? []);
      // What a recording rule leaves.
      const left = expr.includes('courier:dead_letters:15m') ? ['account', 'kind', 'reason'] : [];
      const known = new Set([...ofIts, ...left, ...OF_ALL]);
      return labelsOf(expr).filter((label) => !known.has(label));
    });
    expect(wrong).toEqual([]);
  });

  it('matches a metric by labels of its own', () => {
    const wrong = expressions.flatMap((expr) =>
      [...expr.matchAll(/\b(courier_\w+)\{([^}]*)\}/g)].flatMap(([, metric = '', matchers = '']) =>
        [...matchers.matchAll(/(\w+)\s*(?:=~|!=|=)/g)]
          .map(([, label = '']) => label)
          .filter((label) => ![...(documented.get(bare(metric)) ?? []), ...OF_ALL].includes(label))
          .map((label) => `${metric}{${label}}`),
      ),
    );
    expect(wrong).toEqual([]);
  });
});

function metricsOf(expr: string): string[] {
  const names = expr.match(/\b(?:courier[_:][\w:]+|process_\w+|nodejs_\w+|up\b(?=[\s{]))/g) ?? [];
  return names.map((name) => bare(name));
}

/** A histogram goes by its own name. */
function bare(metric: string): string {
  const histogram = metric.replace(/_(?:bucket|sum|count)$/, '');
  return documented.has(histogram) ? histogram : metric;
}

/** Labels in matchers and after `by`, `on` and their like. */
function labelsOf(expr: string): string[] {
  const grouped = [...expr.matchAll(/\b(?:by|on|ignoring|group_left)\s*\(([^)]*)\)/g)].flatMap(
    ([, list = '']) => list.split(',').map((label) => label.trim()),
  );
  const matched = [...expr.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g)].map(([, label = '']) => label);
  return [...grouped, ...matched].filter((label) => label !== '');
}

describe('deploy/grafana/wechat-courier.json', () => {
  const { panels } = dashboard;
  const shown = panels.filter(({ type }) => type !== 'row');

  it('has its data source, installation, account and kind to choose', () => {
    const variables = dashboard.templating.list.map(({ name, type }) => `${name} ${type}`);
    expect(variables).toEqual([
      'datasource datasource',
      'installation query',
      'account query',
      'kind query',
    ]);
    expect(dashboard.schemaVersion).toBeGreaterThanOrEqual(39);
    const sources = shown.flatMap(({ datasource, targets = [] }) => [
      datasource,
      ...targets.map((target) => target.datasource),
    ]);
    for (const source of sources) {
      expect(source).toEqual({ type: 'prometheus', uid: '${datasource}' });
    }
  });

  it('shows one installation at a time', () => {
    const unscoped = expressionsOf(dashboard).flatMap((expr) =>
      [...expr.matchAll(/\b(?:courier|process)_\w+(\{[^}]*\})?/g)].filter(
        ([, matchers = '']) => !matchers.includes('installation="$installation"'),
      ),
    );
    expect(unscoped).toEqual([]);
  });

  it('has the rows a person looks for', () => {
    const titles = panels.filter(({ type }) => type === 'row').map(({ title }) => title);
    expect(titles).toEqual([
      'Health',
      'Lanes',
      'Outcomes',
      'Latency',
      'Token',
      'Redis and processes',
      'HTTP API',
      'Outbox',
    ]);
  });

  it.each(shown)('panel $title says what it shows, in which unit', (panel) => {
    expect(panel.description).toMatch(/\.$/);
    expect(panel.targets?.length).toBeGreaterThan(0);
    const hasUnit = panel.fieldConfig?.defaults.unit !== undefined;
    expect([hasUnit, panel.type]).not.toEqual([false, 'timeseries']);
    expect([hasUnit, panel.type]).not.toEqual([false, 'stat']);
  });

  it('names each panel once and lays none over another', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const overlaps = panels.flatMap((one, place) =>
      panels.slice(place + 1).filter((other) => overlap(one, other)),
    );
    expect(overlaps).toEqual([]);
    for (const { gridPos } of panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
  });

  it('shows every metric that is ours', () => {
    const asked = new Set(expressionsOf(dashboard).flatMap((expr) => metricsOf(expr)));
    const [least, ...others] = [...documented.keys()].filter((metric) => !asked.has(metric));
    // Its parts are shown: what was put off by cause, and the age is in what is left of the token.
    expect([least, ...others]).toEqual(['courier_throttled_total', 'courier_token_age_seconds']);
  });
});

function overlap({ gridPos: one }: Panel, { gridPos: other }: Panel): boolean {
  return (
    one.x < other.x + other.w &&
    other.x < one.x + one.w &&
    one.y < other.y + other.h &&
    other.y < one.y + one.h
  );
}
