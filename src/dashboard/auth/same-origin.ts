/** The headers by which a browser says where a request comes from. */
export interface OriginHeaders {
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
  readonly 'sec-fetch-site'?: string | string[] | undefined;
}

/**
 * Whether a request that changes something comes from a page of ours. A browser sends at least
 * one of the two headers and lets no page forge them; whoever sends neither must say where it
 * comes from, as `curl -H "Origin: http://127.0.0.1:8082"` does.
 */
export function isSameOrigin(headers: OriginHeaders): boolean {
  const { host, origin } = headers;
  const site = headers['sec-fetch-site'];
  // The browser has compared by itself, and knows nothing of what a proxy made of `Host`.
  if (site !== undefined) return site === 'same-origin';
  return origin !== undefined && host !== undefined && hostOf(origin) === host.toLowerCase();
}

function hostOf(origin: string): string | null {
  try {
    return new URL(origin).host;
  } catch {
    return null;
  }
}
