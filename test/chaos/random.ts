/** A number in [0, 1). */
export type Random = () => number;

/** A small seeded generator (sfc32): the same seed, the same numbers, on every machine. */
export function seededRandom(seed: number): Random {
  let a = 0x9e3779b9;
  let b = 0x243f6a88;
  let c = seed >>> 0;
  let counter = 1;
  function next(): number {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 4_294_967_296;
  }
  // Neighbouring seeds start alike; after some rounds nothing of that is left.
  for (let round = 0; round < 15; round += 1) next();
  return next;
}

/** A whole number of [from, to]. */
export function between(random: Random, from: number, to: number): number {
  return from + Math.floor(random() * (to - from + 1));
}

/** One of the items, each as likely as its weight says. */
export function choose<const Item>(
  random: Random,
  items: readonly (readonly [Item, number])[],
): Item {
  const total = items.reduce((sum, [, weight]) => sum + weight, 0);
  let left = random() * total;
  for (const [item, weight] of items) {
    left -= weight;
    if (left < 0) return item;
  }
  const last = items.at(-1);
  if (!last) throw new Error('choose(): expected something to choose from');
  return last[0];
}

/** Deals cards in random order, each once before any comes again. */
export function dealer<const Card>(cards: readonly Card[]): (random: Random) => Card {
  let left: Card[] = [];
  return (random) => {
    if (left.length === 0) left = [...cards];
    const [card] = left.splice(between(random, 0, left.length - 1), 1);
    if (card === undefined) throw new Error('dealer(): expected cards');
    return card;
  };
}
