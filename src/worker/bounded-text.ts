/** @throws Error for a body that exceeds the bound: it is not WeChat's */
export async function boundedText(
  body: AsyncIterable<Uint8Array>,
  mostBytes: number,
): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > mostBytes) throw new Error(`the answer exceeds ${mostBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
