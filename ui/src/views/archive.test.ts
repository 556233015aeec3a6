import { screen, waitFor, within } from '@testing-library/svelte';
import type { Window as HappyWindow } from 'happy-dom';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { page, row, type Page } from '../test/page';

function setWidth(width: number): void {
  (window as unknown as HappyWindow).happyDOM.setViewport({ width });
}

/** The page with the archive open and searched. */
async function inArchive(fixture = 'archive'): Promise<Page> {
  const opened = page(fixture);
  await opened.user.click(await opened.the('rail-archive'));
  return opened;
}

describe('the archive', () => {
  it('stands in the place of the lists, last active first, with the field in focus', async () => {
    const { the, has } = await inArchive();
    await waitFor(() => expect(row('past-elka').textContent).toContain('Алёна Ёлкина-Небыль'));
    expect(has('group-queued')).toBe(false);
    expect(document.activeElement).toBe(await the('archive-search'));
    expect((await the('rail-archive')).getAttribute('aria-current')).toBe('page');
    expect((await the('rail-chats')).getAttribute('aria-current')).toBeNull();
    const [first] = screen.getAllByTestId('archive-row');
    expect(first?.dataset['chatId']).toBe('past-elka');
    expect(row('past-shared').textContent).toMatch(/999.*Иван/su);
    // Of a chat in which I took no part nothing is found.
    expect(document.querySelector('[data-chat-id="past-others"]')).toBeNull();
  });

  it('shows the line that was found, with what was typed marked, ё as е', async () => {
    const { the, user } = await inArchive();
    await user.type(await the('archive-search'), 'елк гат');
    await waitFor(() => expect(screen.getAllByTestId('archive-row')).toHaveLength(1));
    const line = within(row('past-elka')).getByTestId('archive-line');
    expect([...line.querySelectorAll('mark')].map((mark) => mark.textContent)).toEqual([
      'Гат',
      'ёлк',
    ]);
    await user.clear(await the('archive-search'));
    await user.type(await the('archive-search'), '0202');
    await waitFor(() => row('past-shared'));
    expect(row('past-shared').querySelector('mark')?.textContent).toBe('02-02');
  });

  it('says kindly that nothing was found, and what to try', async () => {
    const { the, user, has } = await inArchive();
    await user.type(await the('archive-search'), 'ъъъ');
    expect((await the('archive-nothing')).textContent).toMatch(/Ничего не нашлось.*Попробуйте/su);
    await user.keyboard('{Escape}');
    await waitFor(() => row('past-elka'));
    expect(has('archive-nothing')).toBe(false);
  });

  it('that is empty says what will come there', async () => {
    const { the } = await inArchive('usual');
    expect((await the('archive-nothing')).textContent).toContain('В архиве пока пусто');
  });

  it('is narrowed by a colleague behind a button, and widened again', async () => {
    const { the, user, has } = await inArchive();
    expect(has('archive-filters')).toBe(false);
    await user.click(await the('archive-filters-toggle'));
    await user.selectOptions(await the('archive-owner'), 'op-ivan');
    await waitFor(() => expect(screen.getAllByTestId('archive-row')).toHaveLength(1));
    row('past-shared');
    await user.click(await the('archive-clear'));
    await waitFor(() => row('past-elka'));
    expect(await the('archive-owner')).toHaveProperty('value', '');
  });

  it('shows more when asked', async () => {
    const { the, user } = await inArchive();
    await user.click(await the('archive-more'));
    await waitFor(() => expect(screen.getAllByTestId('archive-row')).toHaveLength(60));
  });

  it('needs the connection, says so, and searches as soon as it is back', async () => {
    const { the, backend, has } = await inArchive('archive-offline');
    expect((await the('archive-failed')).textContent).toContain('связи с ним сейчас нет');
    backend.world.connection = { state: 'live' };
    backend.tell({ event: 'overview_changed' });
    await waitFor(() => row('past-elka'));
    expect(has('archive-failed')).toBe(false);
  });

  it('is moved in by arrows and opened by Enter', async () => {
    const { the, user, has } = await inArchive();
    await waitFor(() => row('past-elka'));
    await user.keyboard('{ArrowDown}');
    await waitFor(() => expect(document.activeElement).toBe(row('past-elka')));
    await user.keyboard('{ArrowDown}');
    await waitFor(() => expect(document.activeElement).toBe(row('past-shared')));
    await user.keyboard('{Enter}');
    expect((await the('archived')).dataset['chatId']).toBe('past-shared');
    await user.keyboard('{Escape}');
    await waitFor(() => expect(has('archived')).toBe(false));
    await waitFor(() => expect(document.activeElement).toBe(row('past-shared')));
    await user.keyboard('{ArrowUp}');
    await waitFor(() => expect(document.activeElement).toBe(row('past-elka')));
    await user.keyboard('{ArrowUp}');
    await waitFor(async () => expect(document.activeElement).toBe(await the('archive-search')));
  });

  it('gives the lists back with the chat that was open', async () => {
    const { open, the, user, has } = page('archive');
    await open('pavel');
    await user.click(await the('rail-archive'));
    await waitFor(() => expect(has('conversation')).toBe(false));
    await user.click(await the('rail-chats'));
    expect((await the('conversation')).dataset['chatId']).toBe('pavel');
    expect(has('archive')).toBe(false);
  });

  it('shows a chat of its own after one with the card open was left', async () => {
    const { open, the, user } = page('archive');
    await open('pavel');
    await user.click(await the('card-toggle'));
    await the('card');
    await user.click(await the('rail-archive'));
    await waitFor(() => row('past-elka'));
    await user.click(row('past-elka'));
    expect((await the('archived')).dataset['chatId']).toBe('past-elka');
  });

  it('makes way for a chat that a banner opens', async () => {
    const { the, backend, has } = await inArchive();
    await waitFor(() => row('past-elka'));
    backend.clickBanner('q1');
    expect((await the('conversation')).dataset['chatId']).toBe('q1');
    await the('group-queued');
    expect(has('archive')).toBe(false);
  });
});

describe('the archive in one column', () => {
  beforeEach(() => setWidth(380));
  afterEach(() => setWidth(1024));

  it('shows one thing at a time, with the way back', async () => {
    const { the, user, has } = await inArchive();
    await waitFor(() => row('past-elka'));
    expect(has('group-queued')).toBe(false);
    await user.click(row('past-elka'));
    await the('archived-footer');
    expect(has('archive')).toBe(false);
    await user.click(await the('back'));
    await waitFor(() => row('past-elka'));
    expect(has('archived')).toBe(false);
    await user.click(await the('archive-back'));
    await the('group-queued');
    expect(has('archive')).toBe(false);
  });
});

describe('a chat of the archive', () => {
  async function opened(chatId: string, fixture = 'archive'): Promise<Page> {
    const shown = await inArchive(fixture);
    await waitFor(() => row(chatId));
    await shown.user.click(row(chatId));
    await shown.the('archived-footer');
    return shown;
  }

  it('is read, not written in', async () => {
    const { the, has } = await opened('past-elka');
    expect((await the('archived-title')).textContent).toBe('Алёна Ёлкина-Небыль');
    expect((await the('archived-status')).textContent).toMatch(
      /Закрыт \d+ \S+\s+· Анна Образцова/u,
    );
    expect(screen.getAllByTestId('entry')).toHaveLength(4);
    expect(screen.getAllByTestId('notice')).toHaveLength(1);
    expect(has('composer')).toBe(false);
    expect((await the('archived-footer')).textContent).toContain('Чат закрыт');
  });

  it('of mine goes back in work and is opened among my chats', async () => {
    const { the, user, backend, has } = await opened('past-elka');
    const reopen = vi.spyOn(backend, 'reopenChat');
    await user.click(await the('archived-reopen'));
    expect(reopen).toHaveBeenCalledWith('past-elka', 5);
    expect((await the('archived-footer')).textContent).toContain('Возвращаем в работу');
    backend.settle('past-elka');
    expect((await the('conversation')).dataset['chatId']).toBe('past-elka');
    await the('group-in_work');
    expect(has('archive')).toBe(false);
  });

  it('of a colleague is not offered to an operator who only took part', async () => {
    const { has } = await opened('past-shared');
    expect(has('archived-reopen')).toBe(false);
  });

  it('of a colleague goes back to them by a supervisor, out of sight', async () => {
    const { the, user, has } = await opened('past-shared', 'archive-supervisor');
    await user.click(await the('archived-reopen'));
    expect((await the('toast')).textContent).toContain('ответственный: Иван');
    expect(has('archived')).toBe(false);
    expect(document.querySelector('[data-chat-id="past-shared"]')).toBeNull();
  });

  it('says why it was not put back', async () => {
    const { the, user, backend } = await opened('past-elka');
    await user.click(await the('archived-reopen'));
    await waitFor(() => expect(screen.queryByTestId('archived-reopen')).toBeNull());
    backend.world.chats.get('past-elka')!.held = {
      command_id: 'command-1',
      action: 'reopen',
      problem: { code: 'not_allowed', message: '', details: {} },
      owner_id: null,
    };
    backend.tell({ event: 'timeline_changed', chat_id: 'past-elka' });
    expect((await the('archived-refused')).textContent).toContain('не хватает прав');
    await the('archived-reopen');
  });

  it('has a card in which nothing can be changed', async () => {
    const { the, user, has } = await opened('past-elka');
    await user.keyboard('{Alt>}[KeyC]{/Alt}');
    expect((await the('card-name')).textContent).toBe('Алёна Ёлкина-Небыль');
    expect(has('card-name-edit')).toBe(false);
    expect((await the('card-n-talks')).textContent).toBe('1');
    // Nothing was noted, and nothing can be.
    expect(has('card-note')).toBe(false);
  });

  it('has a card that shows what was noted', async () => {
    const { backend, user, the } = page('archive');
    backend.world.chats.get('past-elka')!.row.client.note = 'Просит звонить вечером';
    await user.click(await the('rail-archive'));
    await waitFor(() => row('past-elka'));
    await user.click(row('past-elka'));
    await user.keyboard('{Alt>}[KeyC]{/Alt}');
    expect(await the('card-note')).toHaveProperty('value', 'Просит звонить вечером');
    expect(await the('card-note')).toHaveProperty('readOnly', true);
  });
});
