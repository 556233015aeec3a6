import { screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';

import { page, row, type Page } from '../test/page';

/** The page with something in the field of the lists. */
async function searching(words: string, fixture = 'archive'): Promise<Page> {
  const opened = page(fixture);
  await waitFor(() => opened.the('filter'));
  await opened.user.type(await opened.the('filter'), words);
  return opened;
}

function found(testid: 'found-entry' | 'found-chat'): HTMLElement[] {
  return screen.queryAllByTestId(testid);
}

function marked(element: HTMLElement): (string | null)[] {
  return [...element.querySelectorAll('mark')].map((mark) => mark.textContent);
}

describe('the search', () => {
  it('finds messages as one types, with what was typed marked', async () => {
    const { the } = await searching('ёлк скаж');
    await waitFor(() => expect(found('found-entry')).toHaveLength(1));
    const [hit] = found('found-entry');
    expect(hit?.dataset['chatId']).toBe('past-elka');
    expect(marked(within(hit!).getByTestId('found-line'))).toEqual(['скаж', 'ёлк']);
    expect((await the('search-archive')).textContent).toContain('на сервере');
  });

  it('finds closed chats by the name of their client', async () => {
    await searching('ёлк');
    await waitFor(() => expect(found('found-chat')).toHaveLength(1));
    expect(found('found-chat')[0]?.dataset['chatId']).toBe('past-elka');
  });

  it('opens the conversation at the message, and goes on being there', async () => {
    const { user, the } = await searching('ёлк скаж');
    await waitFor(() => expect(found('found-entry')).toHaveLength(1));
    await user.click(found('found-entry')[0]!);
    expect((await the('conversation-title')).textContent).toContain('Ёлкина');
    expect(found('found-entry')[0]?.getAttribute('aria-current')).toBe('true');
  });

  it('is walked through by arrow keys, from the field to the archive', async () => {
    const { user, the } = await searching('ёлк скаж');
    await waitFor(() => expect(found('found-entry')).toHaveLength(1));
    await user.keyboard('{ArrowDown}');
    await waitFor(() => expect(document.activeElement).toBe(found('found-entry')[0]));
    await user.keyboard('{ArrowDown}');
    await waitFor(() => expect(document.activeElement?.textContent).toContain('на сервере'));
    await user.keyboard('{Enter}');
    expect(await the('archive-search')).toHaveProperty('value', 'ёлк скаж');
  });

  it('says that nothing was found on this computer', async () => {
    const { the, has, user } = await searching('ъъъ');
    expect((await the('search-nothing')).textContent).toContain('На этом компьютере');
    await user.keyboard('{Escape}');
    await waitFor(() => expect(has('search-nothing')).toBe(false));
  });

  it('is narrowed by who wrote, by kind and by the client of the open chat', async () => {
    const { user, the, has, backend } = await searching('п', 'observed');
    const client = backend.overview().then((now) => now.in_work[0]!.chat);
    await user.click(await the('search-filters-toggle'));
    await user.selectOptions(await the('search-only'), 'comments');
    await waitFor(() => expect(screen.queryAllByTestId('chat-row')).toHaveLength(0));
    await user.clear(await the('filter'));
    await waitFor(() => expect(found('found-entry').length).toBeGreaterThan(0));
    for (const hit of found('found-entry')) {
      expect(within(hit).getByLabelText('Скрытый комментарий')).toBeTruthy();
    }
    await user.click(await the('search-clear'));
    await waitFor(() => expect(screen.queryAllByTestId('chat-row').length).toBeGreaterThan(0));
    expect(has('search-client')).toBe(false);
    await user.click(row((await client).id));
    await user.click(await the('search-client'));
    await waitFor(() => expect(found('found-entry').length).toBeGreaterThan(0));
    for (const hit of found('found-entry')) {
      expect(hit.dataset['chatId']).toBe((await client).id);
    }
  });
});
