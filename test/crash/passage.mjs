/**
 * Counts how often a process passes each place, and so names its points: `settle:before:1` is the
 * first time that the ledger's `settle` is about to be sent.
 *
 * @param {(point: string) => void} onPoint
 * @returns {(label: string, moment: string) => void}
 */
export function createPassage(onPoint) {
  const passed = new Map();
  return (label, moment) => {
    const place = `${label}:${moment}`;
    const occurrence = (passed.get(place) ?? 0) + 1;
    passed.set(place, occurrence);
    onPoint(`${place}:${occurrence}`);
  };
}
