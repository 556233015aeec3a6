import { screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';

import { keysOf } from '../keys/bindings';
import { COMMANDS } from '../keys/table';
import { commandTitle } from '../keys/words';
import { type Page, page } from '../test/page';

/** Presses a key that the keyboard of the tests does not have, or holds one. */
function press(init: KeyboardEventInit): void {
  const at = document.activeElement ?? document.body;
  const event = new KeyboardEvent('keydown', { bubbles: true, cancelable: true, ...init });
  // The page of the tests takes Alt for AltGr.
  Object.assign(event, { getModifierState: () => false });
  at.dispatchEvent(event);
}

/** The palette's items, from above. */
function items(): string[] {
  return screen
    .queryAllByTestId('palette-item')
    .map((item) => item.querySelector('.title')?.textContent ?? '');
}

async function openPalette({ user, the }: Page): Promise<HTMLElement> {
  await user.keyboard('{Control>}[KeyK]{/Control}');
  return the('palette-field');
}

async function chooseKeys({ user, the }: Page, id: string, keys: string): Promise<void> {
  await the('keys-settings');
  const change = document.querySelector<HTMLElement>(`[data-command="${id}"] .keys`)!;
  await user.click(change);
  await user.keyboard(keys);
}

async function openKeys(on: Page): Promise<void> {
  await on.the('group-queued');
  await on.user.keyboard('{Control>}[Slash]{/Control}');
  await on.user.click(await on.the('shortcuts-change'));
  await on.the('keys-settings');
}

function shownKeys(id: string): string {
  const row = document.querySelector(`[data-testid="keys-row"][data-command="${id}"] .keys`);
  return [...(row?.querySelectorAll('kbd') ?? [])].map((key) => key.textContent).join(' ');
}

describe('the palette', () => {
  it('has its roles and names, and the focus in its field', async () => {
    const on = page();
    await on.the('group-queued');
    const field = await openPalette(on);
    expect(document.activeElement).toBe(field);
    expect(field.getAttribute('role')).toBe('combobox');
    expect(field.getAttribute('aria-label')).toBe('Чат, клиент или действие');
    const list = screen.getByRole('listbox', { name: 'Строка команд' });
    expect(field.getAttribute('aria-controls')).toBe(list.id);
    const options = within(list).getAllByRole('option');
    expect(field.getAttribute('aria-activedescendant')).toBe(options[0]?.id);
    expect(options.filter((one) => one.getAttribute('aria-selected') === 'true')).toEqual([
      options[0],
    ]);
    await on.user.keyboard('{ArrowUp}');
    expect(field.getAttribute('aria-activedescendant')).toBe(options.at(-1)?.id);
    await on.user.keyboard('{ArrowDown}{ArrowDown}');
    expect(field.getAttribute('aria-activedescendant')).toBe(options[1]?.id);
  });

  it('offers what applies now and nothing else', async () => {
    const on = page();
    await on.the('group-queued');
    await openPalette(on);
    expect(items()).toContain('Кто дольше всех ждёт в очереди');
    expect(items()).not.toContain('Передать чат');
    expect(items()).not.toContain('Перейти в обзор');
    expect(items()).not.toContain('Подключиться сейчас');
    await on.user.keyboard('{Control>}[KeyK]{/Control}');
    expect(on.has('palette')).toBe(false);
    await on.open('pavel');
    await openPalette(on);
    expect(items()).toContain('Передать чат');
  });

  it('goes to a client by a part of the name, е for ё, or of the number', async () => {
    const on = page();
    await on.the('group-queued');
    await openPalette(on);
    await on.user.keyboard('небыв{Enter}');
    expect((await on.the('conversation')).dataset['chatId']).toBe('pavel');
    await waitFor(() => expect(document.activeElement).toBe(screen.getByTestId('composer')));
  });

  it('does something by its name in either language, and by keys alone', async () => {
    const on = page();
    await on.open('pavel');
    await openPalette(on);
    await on.user.keyboard('close the ch{Enter}');
    await on.the('pending');
    expect(on.has('palette')).toBe(false);
    await on.user.keyboard('{Alt>}[KeyZ]{/Alt}');
    await waitFor(() => expect(on.has('pending')).toBe(false));
    expect(on.backend.world.chats.get('pavel')?.pending).toBeNull();
  });

  it('has what was used last first', async () => {
    const on = page();
    await on.open('pavel');
    await on.open('olga');
    await openPalette(on);
    await on.user.keyboard('карточка кл{Enter}');
    await on.the('card');
    await openPalette(on);
    // The chat that was left, then the command.
    expect(items()[0]).toContain('Павел');
    expect(items()[1]).toBe('Карточка клиента');
  });

  it('says so when nothing is found, but for the archive', async () => {
    const on = page();
    await on.the('group-queued');
    await openPalette(on);
    await on.user.keyboard('щщщ');
    expect(items()).toEqual(['Искать в архиве: «щщщ»']);
    await on.user.keyboard('{Enter}');
    expect(await on.the('archive-search')).toHaveProperty('value', 'щщщ');
  });

  it('leads a supervisor to sections and to everybody’s chats', async () => {
    const on = page('supervisor');
    await on.the('group-queued');
    await openPalette(on);
    await on.user.keyboard('обзор показ{Enter}');
    await on.the('supervision-figures');
    await openPalette(on);
    await on.user.keyboard('готовые{Enter}');
    await on.the('managed-answers');
  });

  it('gives the focus back when it is left', async () => {
    const on = page();
    await on.open('pavel');
    await on.user.click(await on.the('composer'));
    await openPalette(on);
    await on.user.keyboard('{Control>}[KeyK]{/Control}');
    expect(on.has('palette')).toBe(false);
    expect(document.activeElement).toBe(await on.the('composer'));
  });
});

describe('the sheet', () => {
  it('has every command that has a key, by the words of the table', async () => {
    const on = page();
    await on.the('group-queued');
    await on.user.keyboard('{Control>}[Slash]{/Control}');
    await on.the('shortcuts');
    const shown = screen.getAllByTestId('shortcut').map((row) => row.dataset['command']);
    const wanted = COMMANDS.filter(
      ({ id, typed }) => keysOf({}, id).length > 0 || typed !== null,
    ).map(({ id }) => id);
    expect(shown).toEqual(wanted);
    for (const id of wanted)
      expect(screen.getAllByText(commandTitle(id)).length).toBeGreaterThan(0);
  });

  it('names keys in the layout in which was typed', async () => {
    const on = page();
    await on.open('pavel');
    const composer = await on.the('composer');
    composer.dispatchEvent(new KeyboardEvent('keydown', { code: 'KeyA', key: 'ф', bubbles: true }));
    await on.user.keyboard('{Control>}[Slash]{/Control}');
    expect((await on.the('shortcuts')).textContent).toContain('Alt+Е (T)');
  });
});

describe('the keys', () => {
  it('of one character are named where they are switched', async () => {
    const on = page();
    await openKeys(on);
    expect(screen.getByText(/Действуют, когда вы не пишете/u).textContent.trim()).toBe(
      'Действуют, когда вы не пишете: J K ?',
    );
  });

  it('are set by pressing them, and work and are shown at once', async () => {
    const on = page();
    await openKeys(on);
    await chooseKeys(on, 'close', '{Alt>}[KeyW]{/Alt}');
    expect(shownKeys('close')).toBe('Alt+W');
    expect((await on.the('keys-told')).textContent).toBe('«Завершить диалог»: Alt+W');
    await waitFor(() =>
      expect((document.activeElement as HTMLElement).closest('li')?.dataset['command']).toBe(
        'close',
      ),
    );
    await on.user.click(screen.getByRole('button', { name: 'Закрыть' }));
    await on.open('pavel');
    await on.user.keyboard('{Alt>}[KeyE]{/Alt}');
    expect(on.has('pending')).toBe(false);
    await on.user.click(await on.the('menu'));
    expect((await on.the('menu-close')).textContent).toContain('Alt+W');
    await on.user.keyboard('{Escape}{Alt>}[KeyW]{/Alt}');
    expect((await on.the('pending')).dataset['action']).toBe('close');
  });

  it('that are taken are told, and given only when that is wanted', async () => {
    const on = page();
    await openKeys(on);
    await chooseKeys(on, 'close', '{Alt>}[KeyT]{/Alt}');
    expect((await on.the('keys-taken')).textContent).toContain(
      'Alt+T уже занято: «Передать чат». Отдать «Завершить диалог»?',
    );
    expect(document.activeElement).toBe(await on.the('keys-taken-no'));
    await on.user.keyboard('{Enter}');
    expect(shownKeys('close')).toBe('Alt+E');
    expect(shownKeys('transfer')).toBe('Alt+T');
    await chooseKeys(on, 'close', '{Alt>}[KeyT]{/Alt}');
    await on.user.click(await on.the('keys-taken-yes'));
    expect(shownKeys('close')).toBe('Alt+T');
    expect(shownKeys('transfer')).toBe('');
  });

  it.each([
    ['{Control>}{Alt>}[KeyT]{/Alt}{/Control}', 'как AltGr'],
    ['{Alt>}{Shift>}[KeyT]{/Shift}{/Alt}', 'переключают раскладку'],
    ['{Control>}[KeyC]{/Control}', 'полям и спискам'],
    ['{Alt>}[F4]{/Alt}', 'занято системой'],
  ])('%s cannot be had, and why is said', async (keys, why) => {
    const on = page();
    await openKeys(on);
    await chooseKeys(on, 'close', keys);
    expect((await on.the('keys-told')).textContent).toContain(why);
    // It goes on waiting for others.
    await on.user.keyboard('{Alt>}[KeyW]{/Alt}');
    expect(shownKeys('close')).toBe('Alt+W');
  });

  it('are left as they were by Esc, and taken away by Backspace', async () => {
    const on = page();
    await openKeys(on);
    await chooseKeys(on, 'close', '{Escape}');
    expect(on.has('keys-settings')).toBe(true);
    expect(shownKeys('close')).toBe('Alt+E');
    await chooseKeys(on, 'close', '{Backspace}');
    expect(shownKeys('close')).toBe('');
  });

  it('go back to the usual ones, one by one or all', async () => {
    const on = page();
    await openKeys(on);
    await chooseKeys(on, 'close', '{Alt>}[KeyW]{/Alt}');
    await chooseKeys(on, 'transfer', '{Alt>}[KeyG]{/Alt}');
    await on.user.click(screen.getByRole('button', { name: 'Завершить диалог: вернуть обычное' }));
    expect(shownKeys('close')).toBe('Alt+E');
    expect(shownKeys('transfer')).toBe('Alt+G');
    await on.user.click(await on.the('keys-reset-all'));
    expect(shownKeys('transfer')).toBe('Alt+T');
    expect(await on.the('keys-reset-all')).toHaveProperty('disabled', true);
  });

  it('of one character do nothing while one writes, and can be switched off', async () => {
    const on = page();
    await on.open('pavel');
    await on.user.click(await on.the('composer'));
    await on.user.keyboard('jk?');
    expect((await on.the('conversation')).dataset['chatId']).toBe('pavel');
    expect(on.draft()).toBe('jk?');
    (await on.the('composer')).blur();
    await on.user.keyboard('j');
    await waitFor(() => expect(screen.getByTestId('conversation').dataset['chatId']).toBe('olga'));
    await on.user.keyboard('{Control>}[Slash]{/Control}');
    await on.user.click(await on.the('shortcuts-change'));
    await on.user.click(await on.the('keys-single'));
    await on.user.keyboard('{Escape}');
    await on.user.click(screen.getByRole('button', { name: 'Закрыть' }));
    (await on.the('composer')).blur();
    await on.user.keyboard('k?');
    expect(on.has('shortcuts')).toBe(false);
    expect((await on.the('conversation')).dataset['chatId']).toBe('olga');
  });
});

describe('a key', () => {
  it('that is held does once what cannot be done twice', async () => {
    const on = page();
    await on.open('pavel');
    const hold = (repeat: boolean): void => press({ code: 'KeyD', altKey: true, repeat });
    hold(false);
    await waitFor(() => expect(screen.getByTestId('conversation').dataset['chatId']).toBe('q1'));
    hold(true);
    hold(true);
    const pending = [...on.backend.world.chats.values()].filter((chat) => chat.pending !== null);
    expect(pending).toHaveLength(1);
  });

  it('steps in a ring through those who wait', async () => {
    const on = page();
    await on.the('group-queued');
    const seen: string[] = [];
    for (let turn = 0; turn < 40; turn += 1) {
      const before = screen.queryByTestId('conversation')?.dataset['chatId'];
      press({ code: 'F8' });
      await waitFor(() =>
        expect(screen.getByTestId('conversation').dataset['chatId']).not.toBe(before),
      );
      const { chatId = '' } = screen.getByTestId('conversation').dataset;
      if (seen.includes(chatId)) break;
      seen.push(chatId);
    }
    const waiting = [...on.backend.world.chats.values()].filter(
      ({ row }) => row.waiting_since !== null && row.status !== 'closed',
    );
    expect(seen.length).toBeGreaterThan(1);
    expect(seen.length).toBeLessThanOrEqual(waiting.length);
    expect((await on.the('conversation')).dataset['chatId']).toBe(seen[0]);
    press({ code: 'F8', shiftKey: true });
    await waitFor(() =>
      expect(screen.getByTestId('conversation').dataset['chatId']).toBe(seen.at(-1)),
    );
  });

  it('leads to the groups, folded ones too', async () => {
    const on = page();
    await on.user.click(await on.the('group-queued'));
    expect((await on.the('group-queued')).getAttribute('aria-expanded')).toBe('false');
    await on.user.keyboard('{Control>}[Digit3]{/Control}');
    await waitFor(() =>
      expect((document.activeElement as HTMLElement).dataset['chatId']).toBe('q1'),
    );
    await on.user.keyboard('{Control>}[Digit4]{/Control}');
    expect(document.activeElement).toBe(await on.the('archive-search'));
    await on.user.keyboard('{Control>}[Digit1]{/Control}');
    await waitFor(() =>
      expect((document.activeElement as HTMLElement).dataset['testid']).toBe('chat-row'),
    );
  });

  it('begins a mention and a ready answer on a layout that has no sign for them', async () => {
    const on = page();
    await on.open('pavel');
    await on.user.keyboard('{Alt>}[KeyM]{/Alt}');
    await on.the('mention-list');
    expect(on.draft()).toBe('@');
    await on.user.keyboard('{Backspace}{Alt>}[KeyA]{/Alt}');
    await on.the('answers');
  });
});
