import type { Samples } from './result.ts';

/**
 * Measures both sides in turns, A B B A A B …, so that a machine that gets slower or busier
 * while it runs is unfair to nobody.
 */
export async function alternate(
  rounds: number,
  sides: Readonly<Record<keyof Samples, () => Promise<number>>>,
  onSample: (round: number, side: keyof Samples, value: number) => void,
): Promise<Samples> {
  const samples = { ours: [] as number[], bare: [] as number[] };
  for (let round = 1; round <= rounds; round++) {
    const order = round % 2 === 1 ? (['ours', 'bare'] as const) : (['bare', 'ours'] as const);
    for (const side of order) {
      const value = await sides[side]();
      samples[side].push(value);
      onSample(round, side, value);
    }
  }
  return samples;
}
