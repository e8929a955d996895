const LONGEST = 2048;
/** One slash at the start: a browser takes two, or one and a backslash, for another host. */
const PATH = /^\/(?![/\\])[^\\\s]*$/;
/** Also one that was copied together with what stood behind it. */
const OPENID = /(?<![\w-])o[\w-]{27,}/;
/** They would lead in a circle, or out again. */
const NOT_BACK_TO = new Set(['/login', '/logout', '/language']);

/**
 * Where somebody comes back to: the path of a page here with its query, or `/` for anything that
 * could lead elsewhere. What holds an openid loses its query, since addresses are kept and logged.
 */
export function ownPath(given: unknown): string {
  if (typeof given !== 'string' || given.length > LONGEST || !PATH.test(given)) return '/';
  const base = 'http://dashboard.invalid';
  if (!URL.canParse(given, base)) return '/';
  const url = new URL(given, base);
  if (url.origin !== base || NOT_BACK_TO.has(url.pathname)) return '/';
  // `/.//elsewhere` is `//elsewhere` by now.
  if (!PATH.test(url.pathname) || OPENID.test(decoded(url.pathname))) return '/';
  return OPENID.test(decoded(url.search)) ? url.pathname : url.pathname + url.search;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
