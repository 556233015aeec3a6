import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from 'vitest';

import en from '../../messages/en.json';
import ru from '../../messages/ru.json';
import { COMMANDS, GROUPS } from '../keys/table';
import { m } from '../paraglide/messages';
import { overwriteGetLocale } from '../paraglide/runtime';

/** The messages whose keys the page puts together, by how they begin. All others it names whole. */
const PUT_TOGETHER: Record<string, readonly string[]> = {
  command_: COMMANDS.map(({ id }) => id),
  commands_: GROUPS,
};

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

  it('are all said somewhere', () => {
    const code = pageCode();
    const named = [...code.matchAll(/\bm\.(\w+)/gu)].map(([, key]) => key);
    const begun = [...code.matchAll(/\bm\[`(\w+)/gu)].map(([, beginning]) => beginning);
    expect([...new Set(begun)].sort()).toEqual(Object.keys(PUT_TOGETHER).sort());
    const said = new Set([
      ...named,
      ...Object.entries(PUT_TOGETHER).flatMap(([beginning, ends]) =>
        ends.map((end) => `${beginning}${end}`),
      ),
    ]);
    const keys = Object.keys(ru).filter((key) => key !== '$schema');
    expect(keys.filter((key) => !said.has(key))).toEqual([]);
  });

  it('have no dash in place of a verb, and no three dots', () => {
    for (const [key, message] of Object.entries({ ...ru })) {
      expect(JSON.stringify(message), key).not.toMatch(/\.\.\.|—/u);
    }
  });
});

/** All that the page is made of, without its tests and what is made of the messages themselves. */
function pageCode(): string {
  const src = join(import.meta.dirname, '..');
  return readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(?:ts|svelte)$/u.test(file) && !/\.test\.ts$|^paraglide/u.test(file))
    .map((file) => readFileSync(join(src, file), 'utf8'))
    .join('\n');
}
