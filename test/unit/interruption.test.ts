import { expect, test } from 'vitest';
import { Interruption } from '../../src/worker/interruption.ts';

test('whoever listens hears of it once, however often it is raised', () => {
  const interruption = new Interruption();
  let heard = 0;
  interruption.listen(() => (heard += 1));
  interruption.raise();
  interruption.raise();
  expect({ heard, raised: interruption.raised }).toEqual({ heard: 1, raised: true });
});

test('whoever stopped listening hears nothing', () => {
  const interruption = new Interruption();
  let heard = 0;
  interruption.listen(() => (heard += 1));
  interruption.listen(undefined);
  interruption.raise();
  expect({ heard, raised: interruption.raised }).toEqual({ heard: 0, raised: true });
});
