/** Somebody with a browser: logged in, and waiting for each page to be there in full. */
export interface Visitor {
  /** The page as text. @throws Error unless it answers 200 (or another status that is expected) */
  read(path: string, asked?: Asked): Promise<string>;
  /** How long it took in milliseconds, with everything that the page loads. */
  time(path: string, asked?: Asked): Promise<number>;
}

interface Asked {
  /** Default 200. */
  readonly status?: number;
  /** What is sent with a button; without it a page is just opened. */
  readonly form?: Readonly<Record<string, string>>;
}

const ASSET = /(?:src|href)="(?<path>(?:static\/|\/)[^"?]+\.(?:css|js))"/g;

/** @throws Error if the login is refused */
export async function visit(
  url: string,
  { name, password }: { readonly name: string; readonly password: string },
): Promise<Visitor> {
  const login = await fetch(`${url}/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: url },
    body: new URLSearchParams({ name, password }),
  });
  const cookie = login.headers.get('set-cookie')?.split(';')[0];
  if (login.status !== 303 || cookie === undefined) {
    throw new Error(`Login: expected 303 with a cookie, got ${login.status}`);
  }

  async function read(path: string, { status = 200, form }: Asked = {}): Promise<string> {
    const accept = path.includes('/api/') ? 'application/json' : 'text/html';
    const response = await fetch(new URL(path, url), {
      headers: { accept, cookie: cookie ?? '', origin: url },
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    });
    const text = await response.text();
    if (response.status === status) return text;
    throw new Error(`${path}: expected ${status}, got ${response.status}: ${text.slice(0, 300)}`);
  }

  return {
    read,
    async time(path, asked) {
      const started = performance.now();
      const text = await read(path, asked);
      await Promise.all(assetsOf(path, text).map((asset) => read(asset)));
      return performance.now() - started;
    },
  };
}

/** Scripts and styles of a page, by the path of each. Those of Bull Board are below its own. */
function assetsOf(page: string, text: string): string[] {
  const base = page.startsWith('/board') ? '/board/' : '/';
  return [...text.matchAll(ASSET)].map(
    ({ groups }) => new URL(groups?.['path'] ?? '', `http://x${base}`).pathname,
  );
}
