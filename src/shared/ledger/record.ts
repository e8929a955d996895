import {
  type Attempt,
  DEAD_REASONS,
  ERRCODE_CLASSES,
  MESSAGE_STATES,
  type Redrive,
  type VerdictClass,
} from '../outcome.ts';
import type { LedgerRecord, StoredState } from './ledger.ts';

/**
 * The fields of a ledger record in Redis. Names are short because a hash is paid per message:
 *
 * `st` state · `k` kind (t, c) · `h` content hash · `a` accepted at · `due` not before ·
 * `own` `until` `tb` `f` owner, lease end, start and fence of the current run ·
 * `t0` start of the first attempt that may have gone out · `n` budget spent · `c` attempts ·
 * `log` attempts as `at:durationMs:verdict:errcode;` · `end` ended at · `why` reason of death ·
 * `ec` errcode · `id` WeChat's msgid · `g` redrives · `rd` the latest of them as
 * `at:from:endedAt:why:errcode;` · `by` who said that it was sent, if not WeChat ·
 * `i` `i0` interruptions in a row, since when
 */
type Fields = Record<string, string>;

const VERDICTS: readonly VerdictClass[] = [
  ...ERRCODE_CLASSES,
  'unknown-code',
  'not-sent',
  'ambiguous',
  'refused-http',
];

/** Reads a record's hash, or null where there is none. */
export function parseRecord(fields: Fields): LedgerRecord | null {
  const state = parseState(fields['st']);
  if (!state) return null;
  const reason = DEAD_REASONS.find((candidate) => candidate === fields['why']);
  return {
    kind: fields['k'] === 'c' ? 'custom' : 'template',
    state,
    acceptedAt: Number(fields['a'] ?? 0),
    ...(fields['due'] && { due: Number(fields['due']) }),
    ...(fields['end'] && { endedAt: Number(fields['end']) }),
    ...(reason && { reason }),
    ...(fields['ec'] && { errcode: Number(fields['ec']) }),
    ...(fields['id'] && { wechatMsgId: fields['id'] }),
    ...(fields['by'] === 'person' && { settledBy: 'person' as const }),
    redrives: Number(fields['g'] ?? 0),
    ...(fields['rd'] && { redriven: parseRedrives(fields['rd']) }),
    attempts: parseLog(fields['log'] ?? '', Number(fields['c'] ?? 0)),
  };
}

/** A state as stored, or null for anything else. */
export function parseState(text: string | undefined): StoredState | null {
  const state = MESSAGE_STATES.find((candidate) => candidate === text);
  return state && state !== 'scheduled' ? state : null;
}

function parseLog(log: string, total: number): Attempt[] {
  const entries = log.split(';').filter((entry) => entry !== '');
  const first = Math.max(total, entries.length) - entries.length + 1;
  return entries.map((entry, index) => {
    const [at, durationMs, verdict, errcode] = entry.split(':');
    return {
      number: first + index,
      at: Number(at),
      durationMs: Number(durationMs),
      verdict: VERDICTS.find((candidate) => candidate === verdict) ?? 'ambiguous',
      ...(errcode && { errcode: Number(errcode) }),
    };
  });
}

function parseRedrives(past: string): Redrive[] {
  const entries = past.split(';').filter((entry) => entry !== '');
  return entries.map((entry) => {
    const [at, from, endedAt, why, errcode] = entry.split(':');
    const reason = DEAD_REASONS.find((candidate) => candidate === why);
    return {
      at: Number(at),
      from: from === 'unknown' ? from : 'dead',
      ...(endedAt && { endedAt: Number(endedAt) }),
      ...(reason && { reason }),
      ...(errcode && { errcode: Number(errcode) }),
    };
  });
}
