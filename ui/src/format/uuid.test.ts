import { expect, it } from 'vitest';

import { newId } from './uuid';

it('is a UUIDv7 of that moment', () => {
  const id = newId(1_790_000_000_000);
  expect(id).toMatch(/^01a0c450-6c00-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/u);
  expect(newId(1_790_000_000_000)).not.toBe(id);
});
