import { describe, expect, it } from 'vitest';

import type { NotificationSettings } from '../api/generated/NotificationSettings';
import { nextMorning, quiet, quietText } from './notifications';

const at = (day: number, hour: number, minute = 0): number =>
  new Date(2026, 2, day, hour, minute).getTime();

const LOUD: NotificationSettings = {
  kinds: {},
  hide_text: false,
  queue_waits_s: 60,
  quiet_until: null,
  quiet_hours: null,
  quiet_when_away: false,
  mentions_break_through: true,
};

describe('it is quiet', () => {
  it('by hand, until then', () => {
    const settings = { ...LOUD, quiet_until: at(3, 14, 30) };
    expect(quiet(settings, at(3, 14, 29), false)).toEqual({ by: 'hand', until: at(3, 14, 30) });
    expect(quiet(settings, at(3, 14, 30), false)).toBeNull();
  });

  it.each([
    [12, 13, 12, { by: 'hours', until: at(3, 13) }],
    [12, 13, 13, null],
    [20, 8, 21, { by: 'hours', until: at(4, 8) }],
    [20, 8, 7, { by: 'hours', until: at(3, 8) }],
    [20, 8, 8, null],
  ])('by hours: from %i until %i, at %i', (from, until, hour, expected) => {
    const settings = { ...LOUD, quiet_hours: { from: from * 60, until: until * 60 } };
    expect(quiet(settings, at(3, hour), false)).toEqual(expected);
  });

  it('while I am away, if that is wished', () => {
    expect(quiet(LOUD, at(3, 12), true)).toBeNull();
    const settings = { ...LOUD, quiet_when_away: true };
    expect(quiet(settings, at(3, 12), true)).toEqual({ by: 'away', until: null });
    expect(quiet(settings, at(3, 12), false)).toBeNull();
  });

  it('for as long as the longest of the reasons', () => {
    const hours = { from: 12 * 60, until: 13 * 60 };
    const byHand = { ...LOUD, quiet_hours: hours, quiet_until: at(3, 14) };
    expect(quiet(byHand, at(3, 12, 30), false)?.until).toBe(at(3, 14));
    const byHours = { ...LOUD, quiet_hours: hours, quiet_until: at(3, 12, 45) };
    expect(quiet(byHours, at(3, 12, 30), false)?.until).toBe(at(3, 13));
  });

  it('in words with the end, and its date if that is another day', () => {
    const now = at(3, 12);
    expect(quietText({ by: 'hand', until: at(3, 14, 30) }, now)).toBe('Тихо до 14:30');
    expect(quietText({ by: 'hours', until: at(4, 8) }, now)).toBe('Тихо до 4 марта, 08:00');
    expect(quietText({ by: 'away', until: null }, now)).toBe('Тихо, пока вы отошли');
  });
});

describe('until morning', () => {
  it.each([
    [at(3, 14), at(4, 8)],
    [at(3, 23, 50), at(4, 8)],
    [at(4, 1), at(4, 8)],
    // The one that has as good as come is not meant.
    [at(4, 7), at(5, 8)],
    [at(4, 8), at(5, 8)],
  ])('from %i is %i', (now, morning) => {
    expect(nextMorning(now)).toBe(morning);
  });
});
