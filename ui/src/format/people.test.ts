import { describe, expect, it } from 'vitest';

import {
  avatarColour,
  clientName,
  initials,
  phoneNumber,
  presenceText,
  takesFeminine,
} from './people';

describe('a client', () => {
  it('is called by name, else by number, else has no name', () => {
    expect(clientName({ name: ' Марина ', phone: '79990000101' })).toBe('Марина');
    expect(clientName({ name: null, phone: '79990000101' })).toBe('+7\u00A0999\u00A0000-01-01');
    expect(clientName({ name: '  ', phone: null })).toBe('Без имени');
  });

  it('from abroad has a number in groups', () => {
    expect(phoneNumber('4915100000000').replaceAll('\u00A0', ' ')).toBe('+4 915 100 000 000');
  });

  it.each([
    ['Марина Выдумкина', 'МВ'],
    ['тимур 🙂', 'Т'],
    ['+7 999 000-01-07', '07'],
    ['🙂', '?'],
    ['', '?'],
  ])('%s has the initials %s', (name, letters) => {
    expect(initials(name)).toBe(letters);
  });

  it('keeps its colour', () => {
    expect(avatarColour('client-1', 6)).toBe(avatarColour('client-1', 6));
    for (const id of ['a', 'b', 'client-77', '']) {
      expect(avatarColour(id, 6)).toBeGreaterThanOrEqual(1);
      expect(avatarColour(id, 6)).toBeLessThanOrEqual(6);
    }
  });
});

describe('a colleague', () => {
  it.each(['Анна', 'Мария Примерова', 'Образцова Анна Ивановна', 'Юлия Кац', 'Ия Вымышленская'])(
    '%s takes the feminine form',
    (name) => {
      expect(takesFeminine(name)).toBe(true);
    },
  );

  it.each(['Иван', 'Илья', 'Никита Образцов', 'Пётр Ильич', 'Лука', 'op-7', 'Alex Sample'])(
    '%s does not',
    (name) => {
      expect(takesFeminine(name)).toBe(false);
    },
  );
});

describe('the presence of a colleague', () => {
  const now = new Date(2026, 10, 28, 15, 30).getTime();
  const row = { operator_id: 'a', since: now, by_hand: false };
  const offline = (at: Date | null): string =>
    presenceText({ ...row, presence: 'offline', since: at?.getTime() ?? null }, now);

  it('is told in words, and since when somebody is gone as exactly as it matters', () => {
    expect(presenceText({ ...row, presence: 'online', since: now }, now)).toBe('в сети');
    expect(offline(new Date(2026, 10, 28, 12, 4))).toBe('не в сети с 12:04');
    expect(offline(new Date(2026, 10, 27, 23, 50))).toBe('не в сети с 27 ноября');
    expect(offline(new Date(2025, 0, 3))).toBe('не в сети с 3 января 2025 г.');
  });

  it('is told of who is away as one speaks of them', () => {
    const since = new Date(2026, 10, 28, 12, 4).getTime();
    const away = { ...row, presence: 'away', since } as const;
    expect(presenceText(away, now, 'Борис Образцов')).toBe('отошёл в 12:04');
    expect(presenceText(away, now, 'Анна Примерова')).toBe('отошла в 12:04');
    expect(presenceText({ ...away, since: null }, now, 'Борис')).toBe('отошёл');
  });

  it('of which nothing is known makes nobody present', () => {
    expect(offline(null)).toBe('не в сети');
    expect(presenceText(null, now)).toBe('не в сети');
  });
});
