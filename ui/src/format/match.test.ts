import { describe, expect, it } from 'vitest';

import { hasMatch, lineParts, matchParts, type Part, phoneParts } from './match';

/** Parts as a text in which the matches stand in brackets. */
function shown(found: readonly Part[]): string {
  return found.map(({ text, isMatch }) => (isMatch ? `[${text}]` : text)).join('');
}

describe('what was searched for', () => {
  it.each([
    ['Марина Выдумкина', 'мар выд', '[Мар]ина [Выд]умкина'],
    ['Ёлка и ёж', 'елк ЕЖ', '[Ёлк]а и [ёж]'],
    ['елка', 'ёлка', '[елка]'],
    ['полка, стеллаж', 'тел', 'полка, стеллаж'],
    ['дуб дуб', 'ду дуб', '[дуб] [дуб]'],
    ['🙂 сборка 🙂', 'сбор', '🙂 [сбор]ка 🙂'],
    ['как есть', '', 'как есть'],
    ['(+7) *?', '*?', '(+7) *?'],
    ['', 'что', ''],
    ['цвет новыи\u0306, за\u0301мок', 'новый зам', 'цвет [новыи\u0306], [за\u0301м]ок'],
    ['мои\u0306ка', 'мой', '[мои\u0306]ка'],
    ['зелёный', 'зелеными\u0306', 'зелёный'],
    ['की के', 'के', 'की [के]'],
    ['зелёный', 'зе\u0301лены', '[зелёны]й'],
  ])('is marked in %j by %j', (text, query, marked) => {
    expect(shown(matchParts(text, query))).toBe(marked);
  });

  it('is marked as a whole in another form', () => {
    expect(shown(matchParts('Диваны и Дивана', 'диваны', ['дивана']))).toBe('[Диваны] и [Дивана]');
  });

  it('is near the beginning of the line that is shown', () => {
    const text = 'Добрый день, скажите пожалуйста, сколько будет стоить доставка в Гатчину';
    expect(shown(lineParts(text, 'дост'))).toBe('…будет стоить [дост]авка в Гатчину');
    expect(shown(lineParts(text, 'день'))).toBe(
      'Добрый [день], скажите пожалуйста, сколько будет стоить доставка в Гатчину',
    );
    expect(shown(lineParts(text, 'нет'))).toBe(text);
    expect(shown(lineParts(`${'а'.repeat(99)}-дом`, 'дом'))).toBe('…[дом]');
  });

  it.each([
    ['79990000105', '0105', '+7 999 000-[01-05]'],
    ['79990000105', '+7999', '+[7 999] 000-01-05'],
    ['79990000105', 'марина 05', '+7 999 000-01-[05]'],
    ['79990000105', 'дом5', '+7 999 000-01-05'],
    ['79990000105', '-', '+7 999 000-01-05'],
  ])('is marked in the number %s by %j', (digits, query, marked) => {
    const found = phoneParts(digits, query);
    expect(shown(found).replaceAll('\u00A0', ' ')).toBe(marked);
    expect(hasMatch(found)).toBe(marked.includes('['));
  });
});
