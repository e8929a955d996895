import Table from 'cli-table3';
import type { PowerCut } from './power-cut.ts';

/**
 * What a power cut may cost: with `everysec` the last second of acknowledgements, else nothing. A
 * cut that met no load proves nothing.
 */
export function isWithinPromise(cut: PowerCut): boolean {
  if (cut.acknowledged === 0) return false;
  if (cut.fsync === 'everysec' && (cut.acknowledgedWithin === 0 || cut.cutBytes === 0))
    return false;
  const allowed = cut.fsync === 'always' ? 0 : cut.acknowledgedWithin;
  const doubled = cut.templatesDoubled + (cut.fsync === 'always' ? cut.customsDoubled : 0);
  return cut.lost + cut.orphaned <= allowed && doubled === 0;
}

/** The cuts as a person reads them. */
export function powerCutTable(cuts: readonly PowerCut[]): string {
  const table = new Table({
    head: ['appendfsync', ...cuts.map(({ fsync }) => fsync)],
    colAligns: ['left', ...cuts.map(() => 'right' as const)],
    style: { head: [], border: [] },
  });
  const row = (name: string, value: (cut: PowerCut) => number | string) =>
    table.push([name, ...cuts.map(value)]);
  row('acknowledged before the cut', (cut) => cut.acknowledged);
  row('time whose writes it took', (cut) => `${(cut.cutMs / 1000).toFixed(2)} s`);
  row('  in bytes', (cut) => cut.cutBytes);
  row('  acknowledged in it', (cut) => cut.acknowledgedWithin);
  row('acknowledged, then forgotten', (cut) => cut.lost);
  row('  of these WeChat had already', (cut) => cut.lostButTaken);
  row('known to the ledger, job gone', (cut) => cut.orphaned);
  row('ended', (cut) => Object.entries(cut.ended).flat().join(' '));
  row('templates posted again, absorbed', (cut) => cut.templatesAbsorbed);
  row('templates shown again', (cut) => cut.templatesDoubled);
  row('customer-service shown again', (cut) => cut.customsDoubled);
  return table.toString();
}
