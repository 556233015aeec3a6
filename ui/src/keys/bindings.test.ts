import { describe, expect, it } from 'vitest';

import {
  boundChords,
  holders,
  keysOf,
  type OwnKeys,
  ownKeys,
  withKeys,
  withUsualKeys,
} from './bindings';
import { COMMANDS } from './table';

/** Numbers that look like chance and are the same each time. */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}

describe('bindings', () => {
  it('are the usual ones until others are set', () => {
    for (const { id, keys } of COMMANDS) expect(keysOf({}, id)).toEqual(keys);
    expect(boundChords({}).get('Alt+KeyT')).toBe('transfer');
  });

  it('take a chord from whoever had it', () => {
    expect(holders({}, 'close', ['Alt+KeyT'])).toEqual(['transfer']);
    const own = withKeys({}, 'close', ['Alt+KeyT']);
    expect(keysOf(own, 'transfer')).toEqual([]);
    expect(boundChords(own).get('Alt+KeyT')).toBe('close');
    expect(boundChords(own).has('Alt+KeyE')).toBe(false);
  });

  it('go back to the usual ones, which whoever had them loses', () => {
    const own = withKeys({}, 'close', ['Alt+KeyT']);
    const back = withUsualKeys(own, 'transfer');
    expect(boundChords(back).get('Alt+KeyT')).toBe('transfer');
    expect(keysOf(back, 'close')).toEqual([]);
    expect(withUsualKeys(back, 'close')).toEqual({});
  });

  it('never give a chord to two, whatever is set and reset', () => {
    const next = chance(7);
    const free = COMMANDS.filter(({ isFixed }) => !isFixed);
    const chords = [...boundChords({}).keys(), 'Alt+KeyG', 'F9', 'KeyO', 'Ctrl+KeyL'];
    let own: OwnKeys = {};
    for (let turn = 0; turn < 2000; turn += 1) {
      const { id } = free[next(free.length)]!;
      const chord = chords[next(chords.length)]!;
      const what = next(4);
      if (what === 0) own = withUsualKeys(own, id);
      else if (what === 1) own = withKeys(own, id, []);
      else own = withKeys(own, id, [chord]);
      const all = free.flatMap((one) => keysOf(own, one.id));
      expect(new Set(all).size).toBe(all.length);
      expect(boundChords(own).size).toBe(all.length);
      if (what > 1) expect(boundChords(own).get(chord)).toBe(id);
      // What is kept on the device comes back as it was.
      if (turn % 50 === 0) {
        const back = ownKeys(JSON.parse(JSON.stringify(own)));
        for (const one of free) expect(keysOf(back, one.id), one.id).toEqual(keysOf(own, one.id));
      }
    }
  });

  it('that were kept count as far as they make sense', () => {
    expect(ownKeys(null)).toEqual({});
    expect(ownKeys('x')).toEqual({});
    expect(ownKeys({ nothing: ['F9'], send: ['F9'], close: 'F9' })).toEqual({});
    expect(
      ownKeys({ close: ['Ctrl+Alt+KeyE', 'Alt+Shift+KeyE', 7, 'Alt+KeyW', 'Alt+KeyW'] }),
    ).toEqual({
      close: ['Alt+KeyW'],
    });
    const both = ownKeys({ close: ['F9'], transfer: ['F9'] });
    expect(boundChords(both).get('F9')).toBe('transfer');
    expect(keysOf(both, 'close')).toEqual([]);
  });
});
