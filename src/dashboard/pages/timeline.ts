import type { MessageStatus } from '../../producer/index.ts';
import { explainErrcode } from '../../shared/errcodes/errcode.ts';
import type { Attempt, Redrive } from '../../shared/outcome.ts';
import { html, type Html } from '../html.ts';
import { type Reader, shownTime, table } from './layout.ts';
import { stateIn } from './state.ts';

interface Happening {
  readonly at: number;
  readonly what: string;
  readonly took?: number;
  readonly errcode?: number | undefined;
  readonly verdict?: string;
}

/** All that is known to have happened to a message, in the order of time. */
export function timeline(reader: Reader, status: MessageStatus): Html {
  const { say, language } = reader;
  const heads = (['at', 'event', 'took', 'errcode', 'verdict', 'meaning'] as const).map(
    (word) => html`<th>${say(word)}</th>`,
  );
  const rows = happenings(reader, status).map(
    ({ at, what, took, errcode, verdict }) =>
      html`<tr>
        <td>${shownTime(at)}</td>
        <td>${what}</td>
        <td class="number">${took !== undefined && `${took} ms`}</td>
        <td>${errcode}</td>
        <td>${verdict}</td>
        <td>
          ${errcode !== undefined && errcode !== 0 && explainErrcode(errcode, language).meaning}
        </td>
      </tr>`,
  );
  return html`${table(heads, rows)} ${unrecorded(reader, status)}`;
}

function happenings(reader: Reader, status: MessageStatus): Happening[] {
  const { say, language } = reader;
  const { acceptedAt, sendAt, attempts, redriven = [], endedAt, state, reason, errcode } = status;
  const end = {
    what: `${say('ended')}: ${[stateIn(language, state), reason].filter(Boolean).join(' ')}`,
    errcode,
  };
  const told: Happening[] = [
    { at: acceptedAt, what: say('accepted') },
    ...(sendAt === undefined ? [] : [{ at: sendAt, what: say('sendAt') }]),
    ...attempts.map((attempt) => ofAttempt(say('attempt'), attempt)),
    ...redriven.flatMap((redrive) => ofRedrive(reader, redrive)),
    ...(endedAt === undefined ? [] : [{ at: endedAt, ...end }]),
  ];
  return told.toSorted((left, right) => left.at - right.at);
}

function ofAttempt(word: string, attempt: Attempt): Happening {
  const { number, at, durationMs, errcode, verdict } = attempt;
  return { at, what: `${word} ${number}`, took: durationMs, errcode, verdict };
}

/** The end that it undid, and the redrive. */
function ofRedrive({ say, language }: Reader, redrive: Redrive): Happening[] {
  const { at, from, endedAt, reason, errcode } = redrive;
  const end = `${say('ended')}: ${[stateIn(language, from), reason].filter(Boolean).join(' ')}`;
  return [
    ...(endedAt === undefined ? [] : [{ at: endedAt, what: end, errcode }]),
    { at, what: say('putBack') },
  ];
}

/** Redrives from before their times were kept, and the oldest of very many. */
function unrecorded({ say }: Reader, { redrives = 0, redriven = [] }: MessageStatus): Html | false {
  const count = redrives - redriven.length;
  return count > 0 && html`<p>${say('putBackBefore')}: ${count}</p>`;
}
