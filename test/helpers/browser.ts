import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { chromiumPath } from './chromium.ts';

/** A page in a real browser, and everything that should not have happened in it. */
export interface WatchedPage {
  readonly page: Page;
  /** Dialogs, errors in the console, refusals by the CSP, failed and foreign requests. */
  readonly troubles: readonly string[];
}

/** Whoever can log in. */
export interface Person {
  readonly name: string;
  readonly password: string;
}

export interface PageOptions {
  /** Default `en-GB`. */
  readonly locale?: string;
  /** Default a desk's, 1280 × 800. */
  readonly viewport?: { readonly width: number; readonly height: number };
}

/** Debian's Chromium, or the one that CHROMIUM_BIN names. */
export interface TestBrowser {
  /** A page of a visitor of its own: no cookies from others. */
  visit(url: string, options?: PageOptions): Promise<WatchedPage>;
  close(): Promise<void>;
}

export const PHONE = { width: 390, height: 844 };
const DESK = { width: 1280, height: 800 };
const PATIENCE_MS = 10_000;
/** A refusal is seen as a response; on a slow machine Bull Board's preloading comes to nothing. */
const SAID_ELSEWHERE = /^Failed to load resource|was preloaded using link preload but not used/;

export async function openBrowser(): Promise<TestBrowser> {
  const browser = await chromium.launch({ executablePath: await chromiumPath() });
  return {
    visit: (url, options = {}) => visit(browser, url, options),
    close: () => browser.close(),
  };
}

async function visit(browser: Browser, url: string, options: PageOptions): Promise<WatchedPage> {
  const { locale = 'en-GB', viewport = DESK } = options;
  const context = await browser.newContext({ baseURL: url, locale, viewport });
  context.setDefaultTimeout(PATIENCE_MS);
  const troubles: string[] = [];
  const page = await context.newPage();
  watchRequests(context, new URL(url).host, troubles);
  page.on('dialog', (dialog) => {
    troubles.push(`a dialog says ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('pageerror', (error) => troubles.push(`an error on ${page.url()}: ${error.message}`));
  page.on('console', (line) => {
    const isKnown = SAID_ELSEWHERE.test(line.text());
    if (['error', 'warning'].includes(line.type()) && !isKnown) {
      troubles.push(`the console of ${page.url()}: ${line.text()}`);
    }
  });
  return { page, troubles };
}

/** Fills in the login form of whatever language, and waits for what it leads to. */
export async function logIn(page: Page, { name, password }: Person): Promise<void> {
  await page.goto('/');
  await page.locator('input[name=name]').fill(name);
  await page.locator('input[name=password]').fill(password);
  const answered = page.waitForResponse((response) => response.request().method() === 'POST');
  await page.locator('form.login button').click();
  await answered;
  await page.waitForLoadState();
}

/** A page that is refused is the test's affair; what a page loads must be there. */
function watchRequests(context: BrowserContext, host: string, troubles: string[]): void {
  context.on('request', (request) => {
    const { protocol, host: asked } = new URL(request.url());
    if (protocol !== 'data:' && asked !== host) troubles.push(`a request to ${request.url()}`);
  });
  context.on('response', (response) => {
    if (response.status() < 400 || response.request().isNavigationRequest()) return;
    troubles.push(`${response.status()} for ${response.request().method()} ${response.url()}`);
  });
}
