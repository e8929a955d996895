import { html, type Html } from '../html.ts';
import type { User } from '../users/user.ts';
import type { Language, Say } from '../words.ts';

/** What a page knows of who looks at it. */
export interface Reader {
  readonly user: User;
  readonly language: Language;
  readonly say: Say;
  /** May repair. */
  readonly isOperator: boolean;
  /** The path of the page, with its query, to come back to. */
  readonly at: string;
}

export interface PageOptions {
  /**
   * The browser asks again after so many seconds; nothing else on a page moves. It would empty a
   * field that somebody types in: the one for searching is a link then, to a page that stays.
   */
  readonly refreshSeconds?: number;
  /** Has come to type. */
  readonly isSearching?: boolean;
  /** What was looked for, to be corrected. */
  readonly searched?: string;
}

export function page(reader: Reader, title: string, body: Html, options: PageOptions = {}): Html {
  const { say, user, language, at } = reader;
  const { refreshSeconds } = options;
  return document(
    language,
    title,
    html`<nav>
        <a href="/">${say('overview')}</a>
        <a href="/dead-letters">${say('deadLetters')}</a>
        <a href="/unknown">${say('unknownMessages')}</a>
        <a href="/board">${say('board')}</a>
        ${search(say, options)}
        <span class="last quiet">${say('timesAreUtc')}</span>
        <a href="/language?next=${encodeURIComponent(at)}">${say('language')}</a>
        <span>${user.name} · ${user.role}</span>
        <form method="post" action="/logout"><button>${say('logOut')}</button></form>
      </nav>
      <h1>${title}</h1>
      ${body}`,
    refreshSeconds,
  );
}

function search(say: Say, { refreshSeconds, searched, isSearching = false }: PageOptions): Html {
  const hint = say('searchHint');
  if (refreshSeconds !== undefined) {
    return html`<a class="search" href="/message">${say('search')}: ${hint}</a>`;
  }
  return html`<form action="/message">
    <input
      name="q"
      size="36"
      placeholder="${hint}"
      aria-label="${hint}"
      value="${searched}"
      ${isSearching && html`autofocus`}
    />
    <button>${say('search')}</button>
  </form>`;
}

export interface LoginOptions {
  /** The path to go to after the login. */
  readonly next: string;
  readonly notice?: string | undefined;
  /** Goes there at once, to ask again with the cookie that a link from elsewhere left out. */
  readonly onwards?: string | undefined;
}

export function loginPage(
  language: Language,
  say: Say,
  { next, notice, onwards }: LoginOptions,
): Html {
  return document(
    language,
    say('logIn'),
    html`<form class="login" method="post" action="/login">
      <h1>wechat-courier</h1>
      ${notice !== undefined && html`<p class="bad" role="alert">${notice}</p>`}
      <input type="hidden" name="next" value="${next}" />
      <label>${say('name')}<input name="name" autocomplete="username" autofocus required /></label>
      <label
        >${say('password')}<input
          name="password"
          type="password"
          autocomplete="current-password"
          required
      /></label>
      <button>${say('logIn')}</button>
    </form>`,
    onwards === undefined ? undefined : `0; url=${onwards}`,
  );
}

/** Says why something was refused, to somebody who may not be logged in. */
export function refusalPage(
  reader: Pick<Reader, 'language' | 'say'> & Partial<Reader>,
  title: string,
  detail: string,
): Html {
  const { language, say, user, isOperator = false, at = '/' } = reader;
  const told = html`<p class="bad" role="alert">${detail}</p>`;
  if (user) return page({ language, say, user, isOperator, at }, title, told);
  return document(
    language,
    title,
    html`<h1>${title}</h1>
      ${told}
      <p><a href="/">${say('overview')}</a></p>`,
  );
}

function document(language: Language, title: string, body: Html, refresh?: number | string): Html {
  return html`<!doctype html>
    <html lang="${language === 'zh' ? 'zh-CN' : 'en'}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        ${refresh !== undefined && html`<meta http-equiv="refresh" content="${refresh}" />`}
        <title>${title} · wechat-courier</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/style.css" />
      </head>
      <body>
        ${body}
      </body>
    </html>`;
}

/** What a page knows of something, one line each; what is absent has no line. */
export function fields(lines: readonly (readonly [string, Html | string] | null)[]): Html {
  return html`<dl>
    ${lines.map(
      (line) =>
        line &&
        html`<dt>${line[0]}</dt>
          <dd>${line[1]}</dd>`,
    )}
  </dl>`;
}

/** What a form sends beside what one sees of it. */
export function hidden(query: URLSearchParams): Html {
  return html`${[...query].map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`,
  )}`;
}

/**
 * A table that scrolls by itself where the window is narrow.
 *
 * @param style `cards`: each row is a card there, its cells named by `data-label`
 */
export function table(
  heads: readonly (Html | false)[],
  rows: readonly (Html | readonly Html[])[],
  style: 'plain' | 'cards' = 'plain',
): Html {
  return html`<div class="scroll">
    <table class="${style}">
      <thead>
        <tr>
          ${heads}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

export function shownTime(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').slice(0, 19);
}

/** `3 s`, `12 min`, `5 h`, `2 d`: enough to see whether it is much. */
export function shownAge(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}
