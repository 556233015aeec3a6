import { describe, expect, it } from 'vitest';

import type { Onlooker } from '../api/generated/Onlooker';
import type { ComposerMode } from '../api/generated/ComposerMode';
import { overwriteGetLocale } from '../paraglide/runtime';
import { mostUrgentFirst, onlookersNews, onlookersText, onlookersWord } from './onlookers';

function at(operator_id: string, typing: ComposerMode | null = null): Onlooker {
  return { operator_id, typing };
}

const NAMES: Record<string, string> = { boris: 'Борис', vera: 'Вера', ivan: 'Иван' };
const nameOf = (id: string): string => NAMES[id] ?? id;

describe('those at the same chat', () => {
  it('are told of by what they do, replies first', () => {
    overwriteGetLocale(() => 'ru');
    const all = [at('boris'), at('vera', 'comment'), at('ivan', 'reply')];
    expect(onlookersText(all, nameOf)).toBe(
      'Иван печатает ответ… · Вера пишет скрытый комментарий… · Смотрит: Борис',
    );
    expect(onlookersText([at('boris'), at('vera')], nameOf)).toBe('Смотрят: Борис, Вера');
    expect(mostUrgentFirst(all).map((one) => one.operator_id)).toEqual(['ivan', 'vera', 'boris']);
    overwriteGetLocale(() => 'en');
    expect(onlookersText([at('boris', 'reply'), at('vera', 'reply')], nameOf)).toBe(
      'Борис, Вера are typing a reply…',
    );
  });

  it('are one word in a row of a list', () => {
    overwriteGetLocale(() => 'ru');
    expect(onlookersWord([at('boris')])).toBe('смотрит');
    expect(onlookersWord([at('boris'), at('vera')])).toBe('смотрят');
    expect(onlookersWord([at('boris'), at('vera', 'comment')])).toBe('печатает');
    expect(onlookersWord([at('boris', 'reply'), at('vera', 'reply')])).toBe('печатают');
  });

  it('are read out when they come and when they begin to type, not all the time', () => {
    const steps: [Onlooker[], string[]][] = [
      [[at('boris')], ['boris']],
      [[at('boris')], []],
      [[at('boris', 'reply')], ['boris']],
      // He pauses, and goes on.
      [[at('boris')], []],
      [[at('boris', 'reply'), at('vera')], ['vera']],
      [[at('vera')], []],
      [[at('boris'), at('vera')], ['boris']],
    ];
    let said: ReadonlySet<string> = new Set();
    for (const [onlookers, expected] of steps) {
      const told = onlookersNews(onlookers, said);
      said = told.said;
      expect(told.news.map((one) => one.operator_id)).toEqual(expected);
    }
  });
});
