import { accessSync, constants, createReadStream, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { BatchResult, EnvelopeInput, Producer } from '../../producer/index.ts';
import { messageOf } from '../../shared/errors.ts';
import { shown } from '../../shared/issue.ts';
import { jsonErrorPosition } from '../../shared/json-position.ts';
import type { Answer } from '../answer.ts';
import { withProducer } from '../connection.ts';
import { showProgress } from '../../local/progress.ts';
import { renderTable } from '../table.ts';
import { UsageError } from '../usage-error.ts';

/** What became of one line. */
type LineResult = BatchResult & { readonly line: number; readonly id?: unknown };
type Rejection = LineResult & { readonly status: 'rejected' };

interface Line {
  readonly number: number;
  readonly text: string;
}

const CHUNK = 500;
/** Below this a bar would only flicker. */
const LONG_FILE_BYTES = 1_000_000;

/** Enqueues the envelopes of a file of JSON lines; a wrong line does not stop the others. */
export async function sendFile(file: string, defaults: object): Promise<Answer> {
  const bytes = sizeOf(file);
  const progress =
    bytes < LONG_FILE_BYTES ? undefined : showProgress({ total: bytes, what: 'bytes' });
  const results: LineResult[] = [];
  let read = 0;
  try {
    await withProducer('file', async (producer) => {
      for await (const lines of chunksOf(file)) {
        const done = await enqueueLines(producer, lines, defaults);
        results.push(...done);
        read += lines.reduce((sum, { text }) => sum + Buffer.byteLength(text) + 1, 0);
        progress?.update(Math.min(read, bytes));
        // Without Redis every further chunk would only wait for the same answer.
        if (done.some(isUnavailable)) break;
      }
    });
  } finally {
    progress?.stop();
  }
  return answerOf(results);
}

function sizeOf(file: string): number {
  if (file === '-') return 0;
  try {
    accessSync(file, constants.R_OK);
    const found = statSync(file);
    if (found.isDirectory()) throw new Error('it is a folder');
    return found.size;
  } catch (error) {
    throw new UsageError(`--file: expected a file that can be read (${messageOf(error)}).`);
  }
}

/** Lines with something on them, some hundred at a time, numbered as editors do. */
async function* chunksOf(file: string): AsyncGenerator<Line[]> {
  const input = file === '-' ? process.stdin : createReadStream(file);
  let chunk: Line[] = [];
  let number = 0;
  for await (const raw of createInterface({ input, crlfDelay: Infinity })) {
    number += 1;
    const text = number === 1 ? raw.replace(/^\uFEFF/, '') : raw;
    if (text.trim() === '') continue;
    chunk.push({ number, text });
    if (chunk.length < CHUNK) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

async function enqueueLines(
  producer: Producer,
  lines: readonly Line[],
  defaults: object,
): Promise<LineResult[]> {
  const parsed = lines.map((line) => parseLine(line, defaults));
  const envelopes = parsed.flatMap((one) => ('envelope' in one ? [one.envelope] : []));
  const enqueued = (await producer.enqueueMany(envelopes as EnvelopeInput[])).values();
  return parsed.map((one): LineResult => {
    if ('rejected' in one) return one.rejected;
    const result = enqueued.next().value;
    if (!result) throw new Error('enqueueMany gave fewer results than it got envelopes');
    return { line: one.line, ...idOf(one.envelope), ...result };
  });
}

type ParsedLine =
  | { readonly line: number; readonly envelope: unknown }
  | { readonly rejected: Rejection };

function parseLine({ number: line, text }: Line, defaults: object): ParsedLine {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return { line, envelope: isObject ? { ...defaults, ...value } : value };
  } catch {
    const { column } = jsonErrorPosition(text);
    const reason = `expected one JSON object per line, got a mistake at column ${column}`;
    const issues = [{ path: '', reason }];
    const code = 'ERR_INVALID_MESSAGE';
    return { rejected: { line, status: 'rejected', code, message: reason, issues } };
  }
}

function idOf(envelope: unknown): { id?: unknown } {
  if (typeof envelope !== 'object' || envelope === null || !('id' in envelope)) return {};
  return { id: envelope.id };
}

function isRejection(result: LineResult): result is Rejection {
  return result.status === 'rejected';
}

function isUnavailable(result: LineResult): boolean {
  return result.status === 'rejected' && result.code === 'ERR_QUEUE_UNAVAILABLE';
}

function answerOf(results: readonly LineResult[]): Answer {
  const rejections = results.filter(isRejection);
  const queued = results.filter(({ status }) => status === 'queued').length;
  const duplicate = results.length - queued - rejections.length;
  const counts = { queued, duplicate, rejected: rejections.length };
  const summary = `${queued} queued, ${duplicate} duplicate, ${rejections.length} rejected`;
  return {
    json: { ...counts, results },
    text: rejections.length === 0 ? summary : `${rejectionTable(rejections)}\n\n${summary}`,
    exitCode: rejections.length === 0 ? 0 : 1,
  };
}

/** Nobody reads more at once; `--json` has them all. */
const MOST_SHOWN = 200;

function rejectionTable(rejections: readonly Rejection[]): string {
  const rows = rejections.slice(0, MOST_SHOWN).flatMap(({ line, id, code, message, issues }) => {
    const found = issues ?? [{ path: '', reason: `${code}: ${message}` }];
    return found.map(({ path, reason }, index) => [
      index === 0 ? String(line) : '',
      index === 0 && id !== undefined ? shown(id) : '',
      path,
      reason,
    ]);
  });
  const table = renderTable(
    [{ title: 'line', align: 'right' }, { title: 'id' }, { title: 'path' }, { title: 'reason' }],
    rows,
  );
  const left = rejections.length - MOST_SHOWN;
  return left > 0 ? `${table}\n… and ${left} more; --json has them all` : table;
}
