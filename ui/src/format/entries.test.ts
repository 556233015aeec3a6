import { describe, expect, it } from 'vitest';

import type { Notice } from '../api/generated/Notice';
import { noticeText, placeholderTitle } from './entries';

const people = { me: 'op-anna', name: (id: string) => (id === 'op-anna' ? 'Анна' : 'Иван') };

describe('a notice', () => {
  it.each<[Notice, string]>([
    [{ what: 'taken', by: 'op-ivan' }, 'Иван берёт чат в работу'],
    [{ what: 'taken', by: 'op-anna' }, 'Вы взяли чат в работу'],
    [{ what: 'closed', by: 'op-ivan' }, 'Иван завершает диалог'],
    [{ what: 'came_back', owner: 'op-anna' }, 'Клиент написал снова, чат вернулся к вам'],
    [{ what: 'came_back_to_queue', was: null }, 'Клиент написал снова, чат в очереди'],
    [
      { what: 'came_back_to_queue', was: 'op-ivan' },
      'Клиент написал снова, чат в очереди, раньше его вёл сотрудник Иван',
    ],
    [
      { what: 'reopened', by: 'op-ivan', owner: 'op-anna' },
      'Иван возвращает чат в работу, ответственный: Анна',
    ],
  ])('%o is worded from its kind and parameters', (notice, words) => {
    expect(noticeText(notice, people)).toBe(words);
  });
});

describe('a placeholder', () => {
  it('has a name for what is known and an honest one for what is not', () => {
    expect(placeholderTitle('image')).toBe('Фотография');
    expect(placeholderTitle('voice')).toBe('Голосовое сообщение');
    expect(placeholderTitle('poll_creation')).toBe('Опрос');
    expect(placeholderTitle('hologram')).toBe('Сообщение, которое панель пока не показывает');
    expect(placeholderTitle('constructor')).toBe('Сообщение, которое панель пока не показывает');
  });
});
