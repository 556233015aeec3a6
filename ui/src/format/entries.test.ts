import { describe, expect, it } from 'vitest';

import type { Notice } from '../api/generated/Notice';
import { noticeText, placeholderTitle } from './entries';

const NAMES: Record<string, string> = { 'op-anna': 'Анна', 'op-maria': 'Мария' };
const people = { me: 'op-anna', name: (id: string): string => NAMES[id] ?? 'Иван' };

describe('a notice', () => {
  it.each<[Notice, string]>([
    [{ what: 'taken', by: 'op-ivan' }, 'Иван берёт чат в работу'],
    [{ what: 'taken', by: 'op-anna' }, 'Вы взяли чат в работу'],
    [{ what: 'closed', by: 'op-ivan' }, 'Иван завершает диалог'],
    [{ what: 'closed', by: null }, 'Диалог завершён. Закрыто: 1С'],
    [{ what: 'joined', by: 'op-ivan', observer: 'op-anna' }, 'Иван зовёт вас в чат'],
    [{ what: 'joined', by: 'op-anna', observer: 'op-maria' }, 'Вы позвали в чат: Мария'],
    [{ what: 'joined', by: 'op-ivan', observer: 'op-maria' }, 'Иван зовёт в чат: Мария'],
    [{ what: 'joined', by: null, observer: 'op-maria' }, 'Теперь наблюдает Мария. Добавлено: 1С'],
    [{ what: 'joined', by: null, observer: 'op-anna' }, 'Теперь наблюдаете вы. Добавлено: 1С'],
    [{ what: 'left', observer: 'op-ivan' }, 'Иван покидает чат'],
    [{ what: 'left', observer: 'op-anna' }, 'Вы покинули чат'],
    [
      { what: 'removed', by: 'op-ivan', observer: 'op-maria' },
      'Иван убирает из наблюдателей: Мария',
    ],
    [{ what: 'removed', by: 'op-ivan', observer: 'op-anna' }, 'Иван убирает вас из наблюдателей'],
    [{ what: 'removed', by: 'op-anna', observer: 'op-maria' }, 'Вы убрали из наблюдателей: Мария'],
    [
      { what: 'removed', by: null, observer: 'op-maria' },
      'Мария больше не наблюдает. Изменено: 1С',
    ],
    [{ what: 'removed', by: null, observer: 'op-anna' }, 'Вы больше не наблюдаете. Изменено: 1С'],
    [
      { what: 'transferred', by: 'op-ivan', from: 'op-ivan', to: 'op-maria' },
      'Иван передаёт чат, ответственный теперь Мария',
    ],
    [
      { what: 'transferred', by: 'op-ivan', from: 'op-ivan', to: 'op-anna' },
      'Иван передаёт чат вам',
    ],
    [
      { what: 'transferred', by: 'op-anna', from: 'op-anna', to: 'op-maria' },
      'Вы передали чат, ответственный теперь Мария',
    ],
    [
      { what: 'transferred', by: 'op-anna', from: 'op-ivan', to: 'op-anna' },
      'Вы взяли чат себе, раньше его вёл сотрудник Иван',
    ],
    [
      { what: 'transferred', by: 'op-maria', from: 'op-ivan', to: 'op-maria' },
      'Мария берёт чат себе, раньше его вёл сотрудник Иван',
    ],
    [
      { what: 'transferred', by: null, from: 'op-ivan', to: 'op-maria' },
      'Ответственный теперь Мария. Передано: 1С',
    ],
    [
      { what: 'transferred', by: null, from: 'op-ivan', to: 'op-anna' },
      'Ответственный теперь вы. Передано: 1С',
    ],
    [{ what: 'assigned', by: 'op-maria', to: 'op-ivan' }, 'Мария назначает ответственного: Иван'],
    [{ what: 'assigned', by: 'op-maria', to: 'op-anna' }, 'Мария назначает ответственным вас'],
    [{ what: 'assigned', by: 'op-anna', to: 'op-ivan' }, 'Вы назначили ответственного: Иван'],
    [{ what: 'assigned', by: 'op-anna', to: 'op-anna' }, 'Вы взяли чат в работу'],
    [{ what: 'assigned', by: 'op-maria', to: 'op-maria' }, 'Мария берёт чат в работу'],
    [{ what: 'assigned', by: null, to: 'op-ivan' }, 'Ответственный теперь Иван. Назначено: 1С'],
    [{ what: 'assigned', by: null, to: 'op-anna' }, 'Ответственный теперь вы. Назначено: 1С'],
    [{ what: 'returned', by: 'op-ivan', was: 'op-ivan' }, 'Иван возвращает чат в очередь'],
    [{ what: 'returned', by: 'op-anna', was: 'op-anna' }, 'Вы вернули чат в очередь'],
    [{ what: 'returned', by: null, was: null }, 'Чат снова в очереди. Возвращено: 1С'],
    [{ what: 'no_answer_needed', by: 'op-ivan' }, 'Иван отмечает, что ответ не нужен'],
    [{ what: 'no_answer_needed', by: 'op-anna' }, 'Вы отметили, что ответ не нужен'],
    [
      { what: 'reopened', by: null, owner: 'op-ivan' },
      'Чат снова в работе, ответственный Иван. Возвращено: 1С',
    ],
    [{ what: 'reopened_to_queue', by: null, was: null }, 'Чат снова в очереди. Возвращено: 1С'],
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
    [{ what: 'reopened', by: 'op-anna', owner: 'op-anna' }, 'Вы вернули чат себе в работу'],
    [{ what: 'newer' }, 'Эту запись сделала более новая версия. Обновите Pult, чтобы её увидеть'],
  ])('%o is worded from its kind and parameters', (notice, words) => {
    expect(noticeText(notice, people, '1С')).toBe(words);
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
