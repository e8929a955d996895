import { z } from 'zod';
import type { Wechat } from '../chaos/wechat.ts';

const booksSchema = z.object({
  requests: z.record(z.string(), z.record(z.string(), z.number())),
  peakPerSecond: z.object({ taken: z.record(z.string(), z.number()) }),
  tokenFetches: z.number(),
  duplicates: z.number(),
});
/** The counts in WeChat's books that a measure is judged by. */
export type Books = Readonly<z.infer<typeof booksSchema>>;

export async function readBooks(wechat: Wechat): Promise<Books> {
  return booksSchema.parse(await wechat.control('GET', 'judge'));
}

/** How often a path was answered with this errcode. */
export function answers(books: Books, path: string, errcode: number): number {
  return books.requests[path]?.[String(errcode)] ?? 0;
}

/** All requests to a path, answered or not. */
export function requests(books: Books, path: string): number {
  return Object.values(books.requests[path] ?? {}).reduce((sum, count) => sum + count, 0);
}

const faultsSchema = z.object({ faults: z.array(z.object({ id: z.number(), met: z.number() })) });

/** Arms a fault; returns its number. */
export async function armFault(
  wechat: Wechat,
  spec: Readonly<Record<string, unknown>>,
): Promise<number> {
  const { faults } = faultsSchema.parse(await wechat.control('POST', 'faults', spec));
  const [fault] = faults;
  if (!fault) throw new Error('POST faults: expected the armed fault, got none');
  return fault.id;
}

/** How many requests this fault has met. */
export async function metBy(wechat: Wechat, id: number): Promise<number> {
  const { faults } = faultsSchema.parse(await wechat.control('GET', 'faults'));
  return faults.find((fault) => fault.id === id)?.met ?? 0;
}
