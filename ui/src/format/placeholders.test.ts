import { describe, expect, it } from 'vitest';

import { fill, type Names, written } from './placeholders';

const KNOWN: Names = { client: 'Ирина', operator: 'Анна Примерова' };
const NOBODY: Names = { client: null, operator: null };

describe('a placeholder whose name is known', () => {
  it.each([
    ['Здравствуйте, {клиент}!', 'Здравствуйте, Ирина!'],
    ['{Client}, good morning', 'Ирина, good morning'],
    ['С вами { сотрудник }.', 'С вами Анна Примерова.'],
    ['{оператор} и {operator}', 'Анна Примерова и Анна Примерова'],
  ])('%s', (template, text) => {
    expect(fill(template, KNOWN)).toEqual({ text, missing: [] });
  });

  it('is not looked into again, whatever somebody calls themselves', () => {
    const names = { client: '{operator} $& \n {клиент}', operator: 'Анна' };
    expect(fill('{client}: {operator}', names).text).toBe('{operator} $& {клиент}: Анна');
  });
});

it('what is written as a placeholder in either language is one', () => {
  for (const language of ['ru', 'en'] as const) {
    expect(fill(written('client', language), KNOWN).text).toBe('Ирина');
    expect(fill(written('operator', language), KNOWN).text).toBe('Анна Примерова');
  }
});

describe('a placeholder whose name is not known', () => {
  it.each([
    ['Здравствуйте, {клиент}!', 'Здравствуйте!'],
    ['Здравствуйте, {клиент}', 'Здравствуйте'],
    ['Здравствуйте, {клиент}, чем помочь?', 'Здравствуйте, чем помочь?'],
    ['Здравствуйте, {клиент}\nЧем помочь?', 'Здравствуйте\nЧем помочь?'],
    ['Здравствуйте , {клиент} !', 'Здравствуйте!'],
    ['{клиент}, здравствуйте!', 'Здравствуйте!'],
    ['{клиент}! Заказ готов.', 'Заказ готов.'],
    ['Добрый день! {клиент}, заказ готов.', 'Добрый день! Заказ готов.'],
    ['Добрый день!\n{клиент}, заказ готов.', 'Добрый день!\nЗаказ готов.'],
    ['Заказ готов, {client}, приезжайте.', 'Заказ готов, приезжайте.'],
    ['Спасибо {клиент}!', 'Спасибо!'],
    ['Спасибо, {клиент} и до встречи', 'Спасибо, и до встречи'],
    ['Заказ для {клиент} готов', 'Заказ для готов'],
    ['(для {клиент})', '(для)'],
    ['{клиент}', ''],
    ['{клиент}{клиент}', ''],
    ['Да, {client}, {client}!', 'Да!'],
  ])('%s', (template, text) => {
    expect(fill(template, NOBODY)).toEqual({ text, missing: ['client'] });
  });

  it('is told once, whichever it is', () => {
    expect(fill('{operator}, {client}, {client}', NOBODY).missing).toEqual(['operator', 'client']);
  });

  it.each(['  ', '\u00A0', '\n'])('a name of nothing but space is none', (client) => {
    expect(fill('Да, {client}!', { ...NOBODY, client }).text).toBe('Да!');
  });
});

describe('what is no placeholder', () => {
  it.each(['{name}', '{}', '{{', 'client', '{client', '{clients}', 'function() {}'])(
    '%s stays as it is',
    (template) => {
      expect(fill(template, KNOWN)).toEqual({ text: template, missing: [] });
    },
  );
});

describe('whatever surrounds it', () => {
  const BEFORE = ['', 'Привет', 'Привет,', 'Привет, ', 'Да. ', 'Да!\n', 'для ', 'А,б, '];
  const BEHIND = ['', '!', '.', ', вот', ' вот', '\nвот', ', ', '? Да'];

  it('nothing of it is left, nor a comma or a space that joined it', () => {
    for (const before of BEFORE) {
      for (const behind of BEHIND) {
        const { text } = fill(`${before}{client}${behind}`, NOBODY);
        expect(text).not.toMatch(/\{|\}| {2}|,,|, ,|,[!.?]|^[,!.?] | [!.?]/u);
        const words = (some: string): string => some.toLowerCase().replace(/[^\p{L}]/gu, '');
        expect(words(text)).toBe(words(before + behind));
      }
    }
  });
});
