import type { Span } from '../shared/tracing/span.ts';

/**
 * One HTTP request to WeChat as a span. The path comes without its query, where the access token
 * is; nothing of the bodies is on it, and no trace context is sent along: WeChat is a stranger.
 *
 * @param path undefined for an address that may itself be a secret
 */
export function beginCall(
  span: Span,
  method: 'GET' | 'POST',
  origin: string,
  path: string | undefined,
): Span {
  if (span.traceId === undefined) return span;
  const { hostname, port, protocol } = new URL(origin);
  return span.child(path === undefined ? method : `${method} ${path}`, 'client', {
    'http.request.method': method,
    'server.address': hostname,
    'server.port': port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
    'url.scheme': protocol.slice(0, -1),
    'url.path': path,
  });
}

/** WeChat answered; whether that is good news is in its errcode. */
export function endReply(span: Span, errcode: number): void {
  span.set({ 'courier.errcode': errcode });
  if (errcode !== 0) span.fail(`errcode ${errcode}`);
  span.end();
}

/** There was no answer of WeChat's. */
export function endFailed(span: Span, why: string): void {
  span.set({ 'error.type': why });
  span.fail(why);
  span.end();
}
