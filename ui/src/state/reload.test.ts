import { expect, it } from 'vitest';

import { coalesced } from './reload';

it('reads again what has changed just as a reading ends', async () => {
  let nReads = 0;
  const reload = coalesced(async () => {
    nReads += 1;
    await Promise.resolve();
  });
  for (let nSteps = 0; nSteps < 12; nSteps += 1) {
    nReads = 0;
    const first = reload();
    for (let step = 0; step < nSteps; step += 1) await Promise.resolve();
    await Promise.all([first, reload()]);
    expect(nReads, `after ${nSteps} steps`).toBe(2);
  }
});

it('reads once more, however often something changes meanwhile', async () => {
  let nReads = 0;
  let go: () => void = () => undefined;
  const reload = coalesced(async () => {
    nReads += 1;
    await new Promise<void>((resolve) => (go = resolve));
  });
  const all = [reload(), reload(), reload()];
  go();
  while (nReads < 2) await Promise.resolve();
  go();
  await Promise.all(all);
  expect(nReads).toBe(2);
});
