import { afterEach, describe, expect, it } from 'vitest';

import en from '../../messages/en.json';
import ru from '../../messages/ru.json';
import { m } from '../paraglide/messages';
import { overwriteGetLocale } from '../paraglide/runtime';

afterEach(() => {
  overwriteGetLocale(() => 'ru');
});

describe('messages', () => {
  it.each([
    [1, '1 непрочитанное', '1 новое', 'Догоняем: 1 изменение', 'Pult: ждёт 1 клиент'],
    [2, '2 непрочитанных', '2 новых', 'Догоняем: 2 изменения', 'Pult: ждут 2 клиента'],
    [5, '5 непрочитанных', '5 новых', 'Догоняем: 5 изменений', 'Pult: ждут 5 клиентов'],
    [11, '11 непрочитанных', '11 новых', 'Догоняем: 11 изменений', 'Pult: ждут 11 клиентов'],
    [21, '21 непрочитанное', '21 новое', 'Догоняем: 21 изменение', 'Pult: ждёт 21 клиент'],
    [104, '104 непрочитанных', '104 новых', 'Догоняем: 104 изменения', 'Pult: ждут 104 клиента'],
  ])('count in Russian: %i', (n, unread, fresh, behind, title) => {
    const input = { count: n, n };
    expect(m.row_unread(input)).toBe(unread);
    expect(m.n_new(input)).toBe(fresh);
    expect(m.bar_catching_up(input)).toBe(behind);
    expect(m.title_waiting(input)).toBe(title);
  });

  it('count in English', () => {
    overwriteGetLocale(() => 'en');
    expect(m.bar_catching_up({ count: 1, n: 1 })).toBe('Catching up: 1 change');
    expect(m.bar_catching_up({ count: 2, n: 2 })).toBe('Catching up: 2 changes');
  });

  it('are the same in both languages, with the same parameters', () => {
    expect(Object.keys(en)).toEqual(Object.keys(ru));
    const parameters = (message: unknown): string[] => [
      ...new Set(JSON.stringify(message).match(/(?<=\{)\w+(?=\})/gu)),
    ];
    for (const key of Object.keys(ru) as (keyof typeof ru)[]) {
      expect(parameters(en[key]).sort(), key).toEqual(parameters(ru[key]).sort());
    }
  });

  it('have no dash in place of a verb, and no three dots', () => {
    for (const [key, message] of Object.entries({ ...ru })) {
      expect(JSON.stringify(message), key).not.toMatch(/\.\.\.|—/u);
    }
  });
});
