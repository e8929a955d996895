import type { Samples } from './result.ts';

/** One line on stderr for each measured round, so that a run of minutes shows that it lives. */
export function sampleLine(scenario: string, unit: string) {
  return (round: number, side: keyof Samples, value: number): void => {
    const number = Math.round(value).toLocaleString('en').padStart(8);
    process.stderr.write(`  ${scenario.padEnd(36)} round ${round}  ${side}  ${number} ${unit}\n`);
  };
}
