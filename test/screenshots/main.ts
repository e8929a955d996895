import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Page } from 'playwright-core';
import {
  logIn,
  openBrowser,
  PHONE,
  type PageOptions,
  type TestBrowser,
} from '../helpers/browser.ts';
import { type Office, openOffice, OPERATOR, ORDERS, SHOP } from '../helpers/office.ts';
import { ROOT } from '../helpers/process.ts';
import { makeTraffic, OTHERS } from './traffic.ts';

const FOLDER = path.join(ROOT, 'docs/images');
const MOST_BYTES = 150_000;
/** Longer pages are cut: the pictures stand between paragraphs. */
const MOST_HEIGHT = 640;
const CHINESE = { locale: 'zh-CN' };

const office = await openOffice({ others: OTHERS });
try {
  await makeTraffic(office, console.log);
  const browser = await openBrowser();
  try {
    await mkdir(FOLDER, { recursive: true });
    await takeAll(browser, office);
  } finally {
    await browser.close();
  }
} finally {
  await office.close();
}

/** The pictures of docs/: what a page shows here, tests have seen it do. */
async function takeAll(browser: TestBrowser, { url }: Office): Promise<void> {
  const open = async (options: PageOptions = {}): Promise<Page> => {
    const { page } = await browser.visit(url, options);
    await logIn(page, OPERATOR);
    return page;
  };
  const [desk, chinese, phone] = [
    await open(),
    await open(CHINESE),
    await open({ viewport: PHONE }),
  ];
  await take(desk, '/', 'overview');
  await take(chinese, '/', 'overview.zh-CN');
  await take(phone, '/', 'overview-phone');
  await take(desk, `/accounts/${SHOP}`, 'account');
  await take(desk, '/dead-letters', 'dead-letters');
  await take(desk, '/unknown', 'unknown');
  await take(desk, '/board/queue/dead-letter?status=failed', 'bull-board');
  await desk.goto('/dead-letters?errcode=40037');
  await desk.getByRole('button', { name: 'Redrive these' }).click();
  await save(desk, 'repair-question');
  await desk.getByRole('button', { name: /Redrive these \(/ }).click();
  await desk.getByText('finished', { exact: true }).waitFor();
  await save(desk, 'repair');
  await take(desk, `/message?q=${ORDERS.refused}`, 'message');
}

async function take(page: Page, there: string, name: string): Promise<void> {
  await page.goto(there, { waitUntil: 'networkidle' });
  await save(page, name);
}

async function save(page: Page, name: string): Promise<void> {
  const file = path.join(FOLDER, `${name}.png`);
  const width = page.viewportSize()?.width ?? PHONE.width;
  const height = Number(await page.evaluate('document.body.getBoundingClientRect().bottom'));
  const clip = { x: 0, y: 0, width, height: Math.min(Math.ceil(height), MOST_HEIGHT) };
  await page.screenshot({ path: file, fullPage: true, clip });
  const { size } = await stat(file);
  console.log(`${path.relative(ROOT, file)} ${clip.width} × ${clip.height}, ${size} bytes`);
  if (size > MOST_BYTES) throw new Error(`${file}: expected at most ${MOST_BYTES} bytes`);
}
