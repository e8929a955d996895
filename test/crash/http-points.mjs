import { subscribe } from 'node:diagnostics_channel';

/** undici's own announcements, in the order in which a request meets them. */
const MOMENTS = {
  'undici:request:create': 'created',
  'undici:client:sendHeaders': 'sendHeaders',
  'undici:request:bodySent': 'bodySent',
  'undici:request:headers': 'headers',
  'undici:request:trailers': 'trailers',
};

/** Passes a point at each moment of a request to WeChat: `http.send`, `http.token`. */
export function watchHttp(pass) {
  for (const [channel, moment] of Object.entries(MOMENTS)) {
    subscribe(channel, ({ request }) => {
      pass(request.path.includes('/message/') ? 'http.send' : 'http.token', moment);
    });
  }
}
