import { screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';

import { page, type Page } from '../test/page';

/** The page with a chat open and the focus in its composer. */
async function writingTo(chatId: string, fixture = 'usual'): Promise<Page> {
  const opened = page(fixture);
  await opened.open(chatId);
  await opened.user.click(await opened.the('composer'));
  return opened;
}

function shortcuts(): (string | undefined)[] {
  return screen.queryAllByTestId('answer').map((one) => one.dataset['shortcut']);
}

function currentShortcut(): string | undefined {
  return screen.getAllByTestId('answer').find((one) => one.getAttribute('aria-selected') === 'true')
    ?.dataset['shortcut'];
}

describe('a ready answer', () => {
  it('is found after a slash and put in by Enter, names filled in', async () => {
    const { user, the, has, draft } = await writingTo('marina');
    await user.keyboard('/');
    await the('answers');
    expect(shortcuts()).toEqual(['адрес', 'мой-телефон', 'пока', 'привет', 'счёт']);
    await user.keyboard('прив');
    expect(shortcuts()).toEqual(['привет']);
    const text = 'Здравствуйте, Марина Выдумкина! Чем помочь?';
    expect((await the('answer-preview')).textContent?.trim()).toBe(text);
    await user.keyboard('{Enter}');
    expect(draft()).toBe(text);
    expect(has('answers')).toBe(false);
    // It was not sent.
    expect(has('echo')).toBe(false);
    expect(document.activeElement).toBe(await the('composer'));
  });

  it('is chosen by arrows, round and round, and taken by Tab', async () => {
    const { user, the, draft } = await writingTo('marina');
    const composer = await the('composer');
    await user.keyboard('/');
    expect(currentShortcut()).toBe('адрес');
    await user.keyboard('{ArrowDown}');
    expect(currentShortcut()).toBe('мой-телефон');
    expect(composer.getAttribute('aria-activedescendant')).toBe('answer-list-answer-мой-телефон');
    await user.keyboard('{ArrowUp}{ArrowUp}');
    expect(currentShortcut()).toBe('счёт');
    await user.keyboard('{Tab}');
    expect(draft()).toBe('Вышлю счёт в течение часа. На кого его оформить?');
    expect(document.activeElement).toBe(composer);
  });

  it('is taken by a click', async () => {
    const { user, the, draft } = await writingTo('marina');
    await user.keyboard('/адрес');
    await user.click(within(await the('answers')).getByTestId('answer'));
    expect(draft()).toContain('Мы на Примерной улице, 1, вход со двора.\nОткрыты');
  });

  it('shows without a name what becomes of the address to it', async () => {
    // Their number is known, their name is not.
    const { user, the, draft } = await writingTo('q3');
    await user.keyboard('/привет');
    expect((await the('answer-preview')).textContent).toContain('Здравствуйте! Чем помочь?');
    await the('answer-no-name');
    await user.keyboard('{Enter}');
    expect(draft()).toBe('Здравствуйте! Чем помочь?');
  });

  it('is left by Esc, and what was typed stays', async () => {
    const { user, the, has, draft } = await writingTo('marina');
    await user.keyboard('/при');
    await the('answers');
    await user.keyboard('{Escape}');
    expect(has('answers')).toBe(false);
    expect(draft()).toBe('/при');
    await user.keyboard('вет');
    expect(has('answers')).toBe(false);
    // Another slash is another question.
    await user.keyboard('{Shift>}{Enter}{/Shift}/');
    await the('answers');
  });

  it('gets out of the way of what is none of them', async () => {
    const { user, has, backend, draft } = await writingTo('marina');
    await user.keyboard('/start');
    expect(has('answers')).toBe(false);
    await user.keyboard('{Enter}');
    expect(draft()).toBe('');
    expect(backend.world.chats.get('marina')!.echoes.at(-1)?.text).toBe('/start');
  });

  it('is asked for at the start of a line alone', async () => {
    const { user, has, the, draft } = await writingTo('marina');
    await user.keyboard('да/');
    expect(has('answers')).toBe(false);
    await user.keyboard('{Shift>}{Enter}{/Shift}/пока');
    await the('answers');
    await user.keyboard('{Enter}');
    expect(draft()).toBe(
      'да/\nСпасибо за обращение, Марина Выдумкина! С вами была Анна Образцова.',
    );
  });

  it('is asked for by the button, on a line of its own', async () => {
    const { user, the, draft } = await writingTo('marina');
    await user.keyboard('Минуту');
    await user.click(await the('answers-button'));
    await the('answers');
    expect(draft()).toBe('Минуту\n/');
    await user.keyboard('адр{Enter}');
    expect(draft()).toMatch(/^Минуту\nМы на Примерной/u);
  });

  it('goes into a hidden comment as well', async () => {
    const { user, the, backend, draft } = await writingTo('marina');
    await user.click(await the('comment-toggle'));
    await user.keyboard('/счёт{Enter}');
    expect(draft()).toContain('Вышлю счёт');
    expect((await the('composer')).dataset['mode']).toBe('comment');
    expect(backend.world.chats.get('marina')!.draft).toBe('');
  });

  it('that was used last is offered first', async () => {
    const { user } = await writingTo('marina');
    await user.keyboard('/пока{Enter}{Shift>}{Enter}{/Shift}/');
    expect(shortcuts()[0]).toBe('пока');
  });

  it('that somebody has just added is there at once', async () => {
    const { user, the, has, backend } = await writingTo('marina');
    await user.keyboard('/новый');
    expect(has('answers')).toBe(false);
    const body = { scope: 'company', shortcut: 'новый', title: '', group: '', text: 'Да' } as const;
    await backend.putReadyAnswer('new', body);
    await the('answers');
    expect(shortcuts()).toEqual(['новый']);
  });

  it('is made of what was written', async () => {
    const { user, the, has, backend, draft } = await writingTo('marina');
    await user.keyboard('Доставим завтра{Shift>}{Enter}{/Shift}/');
    await user.click(await the('answer-keep'));
    await the('answer-dialog');
    expect(draft()).toBe('Доставим завтра\n');
    expect(screen.getByTestId<HTMLTextAreaElement>('answer-text').value).toBe('Доставим завтра');
    await user.type(await the('answer-shortcut'), 'завтра{Enter}');
    await waitFor(() => expect(has('answer-dialog')).toBe(false));
    const row = backend.world.answers.find(({ shortcut }) => shortcut === 'завтра');
    expect(row).toMatchObject({ owner_id: 'op-anna', text: 'Доставим завтра' });
  });
});

/** The management of ready answers. */
async function managing(fixture = 'supervisor'): Promise<Page> {
  const opened = page(fixture);
  await opened.user.click(await opened.the('rail-management'));
  await opened.user.click(await opened.the('section-answers'));
  await opened.the('managed-answers');
  return opened;
}

function listed(): (string | undefined)[] {
  return screen.queryAllByTestId('answer-row').map((one) => one.dataset['shortcut']);
}

describe('the management of ready answers', () => {
  it('shows a supervisor the company’s and own ones', async () => {
    const { user, the } = await managing();
    await waitFor(() => expect(listed()).toHaveLength(4));
    await user.click(await the('tab-own'));
    await waitFor(() => expect(listed()).toEqual(['мой-телефон']));
  });

  it('shows an operator own ones', async () => {
    const { has } = await managing('usual');
    await waitFor(() => expect(listed()).toEqual(['мой-телефон']));
    expect(has('tab-company')).toBe(false);
  });

  it('adds one, and says what is missing beside the field', async () => {
    const { user, the, has, backend } = await managing();
    await user.click(await the('answers-add'));
    await user.click(await the('answer-save'));
    expect((await the('answer-shortcut-error')).textContent).toContain('Введите сокращение');
    expect((await the('answer-text-error')).textContent).toContain('Введите текст');
    await user.type(await the('answer-shortcut'), 'два слова');
    expect((await the('answer-shortcut-error')).textContent).toContain('Одно слово');
    await user.clear(await the('answer-shortcut'));
    await user.type(await the('answer-shortcut'), '/ПРИВЕТ');
    await user.type(await the('answer-text'), 'Добрый день, ');
    await user.click(await the('answer-insert-client'));
    expect((await the('answer-dialog-preview')).textContent).toBe('Добрый день, Ирина');
    await user.click(await the('answer-nameless'));
    expect((await the('answer-dialog-preview')).textContent).toBe('Добрый день');
    await user.click(await the('answer-save'));
    // The company has it already.
    await waitFor(async () =>
      expect((await the('answer-shortcut-error')).textContent).toContain('занято'),
    );
    await user.clear(await the('answer-shortcut'));
    await user.type(await the('answer-shortcut'), '/привет2{Enter}');
    await waitFor(() => expect(has('answer-dialog')).toBe(false));
    expect(backend.world.answers.find(({ shortcut }) => shortcut === 'привет2')).toMatchObject({
      owner_id: null,
      text: 'Добрый день, {клиент}',
    });
    await waitFor(() => expect(listed()).toContain('привет2'));
  });

  it('changes one', async () => {
    const { user, the, has, backend } = await managing();
    await waitFor(() => expect(listed()).toContain('адрес'));
    await user.click(screen.getByText('Где мы находимся'));
    const text = await the('answer-text');
    await user.clear(text);
    await user.type(text, 'Мы переехали');
    await user.click(await the('answer-save'));
    await waitFor(() => expect(has('answer-dialog')).toBe(false));
    expect(backend.world.answers.find(({ id }) => id === 'answer-адрес')?.text).toBe(
      'Мы переехали',
    );
  });

  it('deletes one at once, and takes that back', async () => {
    const { user, the, backend } = await managing();
    await waitFor(() => expect(listed()).toContain('счёт'));
    const before = backend.world.answers.find(({ shortcut }) => shortcut === 'счёт');
    await user.click(screen.getByLabelText('Удалить /счёт'));
    await waitFor(() => expect(listed()).not.toContain('счёт'));
    await user.click(within(await the('toast')).getByText('Отменить'));
    await waitFor(() => expect(listed()).toContain('счёт'));
    expect(backend.world.answers.find(({ shortcut }) => shortcut === 'счёт')).toEqual(before);
  });

  it('is searched', async () => {
    const { user, the } = await managing();
    await waitFor(() => expect(listed()).toHaveLength(4));
    await user.type(await the('answers-search'), 'дворa');
    await waitFor(() => expect(listed()).toHaveLength(0));
    await user.clear(await the('answers-search'));
    await user.type(await the('answers-search'), 'ДВОРА примерной');
    await waitFor(() => expect(listed()).toEqual(['адрес']));
  });

  it('changes nothing without a connection', async () => {
    const { the, has } = await managing('offline');
    await waitFor(() => expect(listed()).toEqual(['мой-телефон']));
    expect((await the('answers-add')).hasAttribute('disabled')).toBe(true);
    expect((await the('answer-delete')).hasAttribute('disabled')).toBe(true);
    expect(has('answer-dialog')).toBe(false);
  });

  it('saves a table', async () => {
    const { user, the, backend } = await managing();
    await user.click(within(await the('managed-answers')).getByTestId('menu'));
    await user.click(await the('menu-export'));
    await waitFor(() => expect([...backend.saved.keys()]).toEqual(['Готовые ответы.csv']));
    expect(backend.saved.get('Готовые ответы.csv')).toMatch(/^\uFEFF/u);
  });

  it('shows what a table would do before it does it', async () => {
    const { user, the, has, backend } = await managing();
    const table = 'Сокращение;Текст\nновый;Новый ответ\nсчёт;Другой текст\n';
    await user.upload(await the('answers-file'), new File([table], 'ответы.csv'));
    await waitFor(async () =>
      expect((await the('import-counts')).textContent).toContain('новых: 1'),
    );
    expect((await the('import-counts')).textContent).toContain('изменится: 1');
    expect(backend.world.answers).toHaveLength(5);
    await user.click(await the('import-submit'));
    await waitFor(() => expect(has('import-dialog')).toBe(false));
    expect(backend.world.answers).toHaveLength(6);
    expect((await the('toast')).textContent).toContain('добавлено 1, изменено 1');
  });

  it('takes no table with a wrong line, and none without heads', async () => {
    const { user, the, backend } = await managing();
    const table = 'Сокращение;Текст\nновый;Новый ответ\nпустой;\n';
    await user.upload(await the('answers-file'), new File([table], 'ответы.csv'));
    expect((await the('import-verdict')).textContent).toContain('1 строка с ошибкой');
    expect((await the('import-submit')).hasAttribute('disabled')).toBe(true);
    await user.click(within(await the('import-dialog')).getByText('Отмена'));
    await user.upload(await the('answers-file'), new File(['чепуха'], 'фото.csv'));
    await waitFor(async () =>
      expect((await the('import-error')).textContent).toContain('названия столбцов'),
    );
    expect(backend.world.answers).toHaveLength(5);
  });
});
