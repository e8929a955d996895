/** One line of a `/metrics` page. */
export interface MetricSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A `/metrics` page, read as Prometheus reads it. */
export interface Exposition {
  /** By name of the metric. */
  readonly types: ReadonlyMap<string, string>;
  readonly samples: readonly MetricSample[];
  /** Of the only time series with (at least) these labels; undefined if there is none. */
  value(name: string, labels?: Readonly<Record<string, string>>): number | undefined;
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = String.raw`([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"`;
// `Nan` is what prom-client writes; Prometheus takes it in any case.
const SAMPLE = new RegExp(
  String.raw`^(${NAME})(?:\{((?:${LABEL},)*(?:${LABEL})?)\})? (-?[0-9.eE+-]+|[+-]Inf|N[Aa][Nn])$`,
);
/** What a histogram calls its lines, beside its own name. */
const PARTS = /_(?:bucket|sum|count)$/;

/**
 * Reads the text format 0.0.4.
 *
 * @throws Error for a line that the format does not know, a value before its type, or a time
 * series that is there twice
 */
export function parseExposition(text: string): Exposition {
  const types = new Map<string, string>();
  const seen = new Set<string>();
  const samples: MetricSample[] = [];
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('# HELP ')) continue;
    const [, typed = '', type = ''] =
      /^# TYPE (\S+) (counter|gauge|histogram|summary|untyped)$/.exec(line) ?? [];
    if (typed !== '') {
      if (types.has(typed)) throw new Error(`two types of ${typed}`);
      types.set(typed, type);
      continue;
    }
    const [, name = '', labels = '', ...rest] = SAMPLE.exec(line) ?? [];
    if (name === '') throw new Error(`not a line of the format: ${line}`);
    if (!types.has(name) && !types.has(name.replace(PARTS, ''))) {
      throw new Error(`no type before ${name}`);
    }
    if (seen.has(`${name}{${labels}}`)) throw new Error(`twice: ${name}{${labels}}`);
    seen.add(`${name}{${labels}}`);
    samples.push({ name, labels: labelsOf(labels), value: Number(rest.at(-1)) });
  }
  return {
    types,
    samples,
    value(name, labels = {}) {
      const found = samples.filter(
        (sample) =>
          sample.name === name &&
          Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
      );
      if (found.length > 1) throw new Error(`${found.length} of ${name} ${JSON.stringify(labels)}`);
      return found[0]?.value;
    },
  };
}

function labelsOf(text: string): Record<string, string> {
  const pairs = [...text.matchAll(new RegExp(LABEL, 'g'))].map(
    ([, label = '', value = '']) =>
      [label, value.replace(/\\(.)/g, (_, mark) => (mark === 'n' ? '\n' : String(mark)))] as const,
  );
  return Object.fromEntries(pairs);
}
