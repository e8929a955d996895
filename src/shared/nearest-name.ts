/** Beyond this many edits two names are different words, not a slip of the finger. */
const MOST_EDITS = 3;

/**
 * The known name a person probably meant: equal but for case and separators, or a few edits
 * away. Undefined when nothing is near.
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  if (name.length > 64) return undefined;
  const plain = fold(name);
  const most = Math.min(MOST_EDITS, Math.floor(name.length / 2));
  let best: { name: string; edits: number } | undefined;
  for (const candidate of known) {
    const edits = editDistance(plain, fold(candidate));
    if (edits <= most && (!best || edits < best.edits)) best = { name: candidate, edits };
  }
  return best?.name;
}

function fold(name: string): string {
  return name.toLowerCase().replaceAll(/[-_]/g, '');
}

/** Levenshtein: insertions, deletions and replacements. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1];
    for (let column = 1; column <= to.length; column += 1) {
      const replaced = (row[column - 1] ?? 0) + (letter === to[column - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
