import { CourierError } from '../shared/errors.ts';
import { jsonErrorPosition } from '../shared/json-position.ts';

/** A batch is three levels above its messages, which may be 16 deep. */
const MOST_LEVELS = 24;

/**
 * The value of a JSON text.
 *
 * @throws CourierError `ERR_INVALID_MESSAGE` for what is no JSON, or nested too deeply to look at
 */
export function parseBody(text: string): unknown {
  if (isTooDeep(text)) throw invalid(`expected at most ${MOST_LEVELS} levels of nesting, got more`);
  try {
    return JSON.parse(text);
  } catch {
    const { line, column } = jsonErrorPosition(text);
    throw invalid(`expected JSON, got a mistake at line ${line}, column ${column}`);
  }
}

/** Counted before parsing, so that hostile nesting is not even built. */
function isTooDeep(text: string): boolean {
  let level = 0;
  let inText = false;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (inText) {
      if (unit === BACKSLASH) at += 1;
      else if (unit === QUOTE) inText = false;
    } else if (unit === QUOTE) inText = true;
    else if (unit === OPEN_OBJECT || unit === OPEN_LIST) {
      level += 1;
      if (level > MOST_LEVELS) return true;
    } else if (unit === CLOSE_OBJECT || unit === CLOSE_LIST) level -= 1;
  }
  return false;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;

function invalid(reason: string): CourierError {
  return new CourierError('ERR_INVALID_MESSAGE', reason, { issues: [{ path: '', reason }] });
}
