import { fireEvent, screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';

import type { MemoryOptions } from '../../api/memory';
import { page, row, type Page } from '../../test/page';

/** The page of a supervisor with a section open. */
async function managing(
  section: string,
  fixture = 'supervisor',
  options: MemoryOptions = {},
): Promise<Page> {
  const opened = page(fixture, options);
  await opened.user.click(await opened.the('rail-management'));
  await opened.user.click(await opened.the(`section-${section}`));
  await opened.the(`managed-${section}`);
  return opened;
}

describe('automatic texts', () => {
  it('are written, seen as a client sees them, and kept', async () => {
    const { user, the, has, backend } = await managing('automatic');
    await user.click(await the('automatic-greeting-on'));
    expect(has('automatic-greeting-error')).toBe(false);
    expect((await the('automatic-state')).textContent).toContain('Приветствие: Напишите текст');
    expect((await the('automatic-save')).hasAttribute('disabled')).toBe(true);
    await user.type(await the('automatic-greeting-text'), 'Здравствуйте, {{клиент}!');
    const previews = screen.getAllByTestId('automatic-greeting-preview');
    expect(previews.map((one) => one.textContent?.trim())).toEqual([
      expect.stringMatching(/^Здравствуйте, \p{Lu}.*!$/u),
      'Здравствуйте!',
    ]);
    await user.click(await the('automatic-save'));
    await waitFor(() => expect(has('automatic-save')).toBe(false));
    const kept = await backend.automaticTexts();
    expect(kept.revision).toBe(1);
    expect(kept.texts.greeting).toEqual({
      is_on: true,
      text: 'Здравствуйте, {клиент}!',
      minutes: 1440,
    });
  });

  it('warn where they annoy or do nothing', async () => {
    const { user, the } = await managing('automatic');
    await user.click(await the('automatic-outside_hours-on'));
    expect((await the('automatic-outside_hours-warning')).textContent).toContain('не заданы');
    await user.click(await the('automatic-nobody_answers-on'));
    const time = await the('automatic-nobody_answers-time');
    await user.clear(time);
    await user.type(time, '2');
    await user.tab();
    expect((await the('automatic-nobody_answers-warning')).textContent).toContain('пяти минут');
    await user.type(await the('automatic-outside_hours-text'), 'Мы закрыты. {{сотрудник}');
    const warnings = screen.getAllByTestId('automatic-outside_hours-warning');
    expect(warnings.at(-1)?.textContent).toContain('{сотрудник} здесь не подставится');
    await user.clear(time);
    await user.type(time, '9999');
    await user.tab();
    expect((time as HTMLInputElement).value).toBe('720');
  });

  it('are missing only once their field was left', async () => {
    const { user, the, has } = await managing('automatic');
    await user.click(await the('automatic-closed-on'));
    await user.click(await the('automatic-closed-text'));
    expect(has('automatic-closed-error')).toBe(false);
    await user.tab();
    expect((await the('automatic-closed-error')).textContent).toContain('Напишите текст');
  });

  it('that somebody else has changed are not overwritten', async () => {
    const { user, the, has, backend } = await managing('automatic');
    await user.click(await the('automatic-closed-on'));
    await user.type(await the('automatic-closed-text'), 'Спасибо');
    const { revision, texts } = await backend.automaticTexts();
    const others = { ...texts, greeting: { is_on: true, text: 'Добрый день', minutes: 1440 } };
    await backend.putAutomaticTexts({ revision, texts: others });
    await user.click(await the('automatic-save'));
    expect((await the('automatic-state')).textContent).toContain('изменил кто-то другой');
    expect((await backend.automaticTexts()).texts).toEqual(others);
    await user.click(await the('automatic-reload'));
    expect((await the<HTMLTextAreaElement>('automatic-greeting-text')).value).toBe('Добрый день');
    expect(has('automatic-save')).toBe(false);
  });

  it('stay as they were written when the section is left and opened again', async () => {
    const { user, the } = await managing('automatic');
    await user.click(await the('automatic-closed-on'));
    await user.type(await the('automatic-closed-text'), 'Спасибо');
    await user.click(await the('section-hours'));
    await the('managed-hours');
    await user.click(await the('section-automatic'));
    expect((await the<HTMLTextAreaElement>('automatic-closed-text')).value).toBe('Спасибо');
  });

  it('are nobody else’s to change', async () => {
    const { user, the, has } = page();
    await user.click(await the('rail-management'));
    await the('section-answers');
    expect(has('section-automatic') || has('section-hours') || has('section-directions')).toBe(
      false,
    );
  });
});

describe('working hours', () => {
  it('are those of a week, with days that differ', async () => {
    const { user, the, backend } = await managing('hours');
    await user.click(await the('settings-hours-hours'));
    const from = (): HTMLInputElement => screen.getByTestId('hours-0-from');
    expect(from().value).toBe('09:00');
    await user.clear(from());
    await user.type(from(), '830');
    await user.tab();
    expect(from().value).toBe('08:30');
    await user.click(await the('hours-copy'));
    await user.click(await the('hours-5-add'));
    await user.clear(await the('hours-5-until'));
    await user.type(await the('hours-5-until'), '2:00');
    await user.tab();
    await user.click(await the('hours-exception-add'));
    const first = await the<HTMLInputElement>('hours-exception-from');
    expect(document.activeElement).toBe(first);
    expect(first.value).toBe('');
    await user.type(await the('hours-exception-name'), 'Новый год');
    expect((await the('hours-state')).textContent).toContain('Укажите первый и последний день');
    expect((await the('hours-save')).hasAttribute('disabled')).toBe(true);
    await fireEvent.input(first, { target: { value: '2027-01-01' } });
    await fireEvent.input(await the('hours-exception-until'), { target: { value: '2027-01-08' } });
    await user.click(await the('hours-save'));
    await waitFor(async () => expect((await backend.workingHours()).revision).toBe(1));
    const { hours } = await backend.workingHours();
    const early = [{ from: 510, until: 1080 }];
    expect(hours?.week).toEqual([
      early,
      early,
      early,
      early,
      early,
      [{ from: 540, until: 120 }],
      [],
    ]);
    expect(hours?.exceptions).toEqual([
      { from: '2027-01-01', until: '2027-01-08', name: 'Новый год', hours: [] },
    ]);
  });

  it('that begin when they end cannot be kept', async () => {
    const { user, the } = await managing('hours');
    await user.click(await the('settings-hours-hours'));
    await user.clear(await the('hours-0-until'));
    await user.type(await the('hours-0-until'), '9');
    await user.tab();
    expect((await the('hours-state')).textContent).toContain('должны различаться');
    expect((await the('hours-save')).hasAttribute('disabled')).toBe(true);
  });

  it('can be given up again', async () => {
    const { user, the, backend, has } = await managing('hours');
    await user.click(await the('settings-hours-hours'));
    await user.click(await the('hours-save'));
    await waitFor(() => expect(has('hours-save')).toBe(false));
    await user.click(await the('settings-hours-always'));
    await user.click(await the('hours-save'));
    await waitFor(async () => expect((await backend.workingHours()).revision).toBe(2));
    expect((await backend.workingHours()).hours).toBeNull();
  });
});

describe('direction', () => {
  it('has rules in an order, tried before they are kept', async () => {
    const { user, the, backend } = await managing('directions');
    for (const words of ['счёт, акт', 'доставка']) {
      await user.click(await the('direction-add'));
      await user.keyboard(words);
      await user.tab();
    }
    await user.type(await the('direction-trial-text'), 'Когда доставка?');
    await user.click(await the('direction-try'));
    expect((await the('direction-verdict')).textContent).toContain('Сработает правило 2');
    const first = screen.getAllByTestId('direction')[0];
    if (first === undefined) throw new Error('no rule');
    await user.click(within(first).getByTestId('direction-down'));
    await user.click(await the('directions-save'));
    await waitFor(async () => expect((await backend.directions()).revision).toBe(1));
    const { rules } = await backend.directions();
    expect(rules.map(({ words }) => words)).toEqual([['доставка'], ['счёт', 'акт']]);
  });

  it('says which rule has nothing to look for, and for whom one is who has gone', async () => {
    const { user, the, backend } = await managing('directions');
    await user.click(await the('direction-add'));
    expect((await the('directions-state')).textContent).toContain('В правиле 1 нет');
    const gone = backend.world.operators.find((operator) => !operator.is_active);
    if (gone === undefined) throw new Error('nobody has gone');
    await backend.putDirections({
      revision: 0,
      rules: [{ words: ['счёт'], channel_ids: [], numbers: [], operator_id: gone.id }],
    });
    await user.click(await the('direction-remove'));
    await user.click(await the('section-hours'));
    await user.click(await the('section-directions'));
    expect((await the('direction-inactive')).textContent).toContain(gone.name);
  });
});

describe('in the lists and in a chat', () => {
  it('a chat that is for me says so, and for somebody else shows whom', async () => {
    const { backend, the } = page();
    await the('group-queued');
    const me = backend.world.session?.operator.id ?? '';
    const other = backend.world.operators.find(({ id, is_active }) => id !== me && is_active);
    const [mine, theirs] = [...backend.world.chats.values()].filter(
      ({ row: { status } }) => status === 'queued',
    );
    if (mine === undefined || theirs === undefined || other === undefined)
      throw new Error('no chats');
    mine.row.suggested_owner_id = me;
    theirs.row.suggested_owner_id = other.id;
    backend.tell({ event: 'overview_changed' });
    await waitFor(() => within(row(mine.row.id)).getByTestId('row-for-me'));
    expect(within(row(theirs.row.id)).getByTestId('row-for').textContent).toContain(other.name);
  });

  it('an automatic text is signed as one and cannot be written again', async () => {
    const { backend, open, the } = page();
    await the('group-queued');
    const chat = backend.world.chats.get('q3');
    if (chat === undefined) throw new Error('no chat');
    chat.append(
      {
        kind: 'outbound',
        text: 'Здравствуйте!',
        delivery: { state: 'failed', failure: 'window_closed', failure_details: null },
      },
      null,
      Date.now(),
    );
    const entry = chat.entries.at(-1);
    if (entry === undefined) throw new Error('no entry');
    entry.automatic = 'greeting';
    await open('q3');
    const shown = await waitFor(() => {
      const found = document.querySelector<HTMLElement>('[data-automatic="greeting"]');
      if (found === null) throw new Error('not shown');
      return found;
    });
    expect(shown.textContent).toContain('Автоматически: Приветствие');
    expect(shown.textContent).not.toContain('Вы:');
    expect(within(shown).queryByText('Написать ещё раз')).toBeNull();
    expect(within(shown).getByTestId('entry-failure')).toBeTruthy();
  });
});
