/** Where a chat is begun to be read, and what counts as read: nothing that was not on the screen. */
import { screen, waitFor, within } from '@testing-library/svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { ChatId } from '../api/generated/ChatId';
import type { MemoryBackend } from '../api/memory';
import type { MemoryChat } from '../api/world';
import { page, row } from '../test/page';

/** How high the view is, and each row of a history and of the lists. */
const VIEW = 400;
const ROW = 40;
let listRow: number;

beforeEach(() => {
  listRow = 5;
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(VIEW);
  vi.spyOn(HTMLElement.prototype, 'getBoundingClientRect').mockImplementation(function (
    this: HTMLElement,
  ) {
    if (this.dataset['row'] === undefined) return new DOMRect(0, 0, VIEW, 0);
    return new DOMRect(0, 0, VIEW, this.closest('[role="log"]') === null ? listRow : ROW);
  });
});

afterEach(() => vi.restoreAllMocks());

function chatOf(backend: MemoryBackend, chatId: ChatId): MemoryChat {
  const chat = backend.world.chats.get(chatId);
  if (chat === undefined) throw new Error(`there is no ${chatId}`);
  return chat;
}

function conversation(chatId: ChatId): HTMLElement {
  const selector = `[data-region="chat"][data-chat-id="${chatId}"]`;
  const found = document.querySelector<HTMLElement>(selector);
  if (found === null) throw new Error(`${chatId} is not drawn`);
  return found;
}

function isDrawn(chatId: ChatId): boolean {
  return document.querySelector(`[data-region="chat"][data-chat-id="${chatId}"]`) !== null;
}

function historyOf(chatId: ChatId): HTMLElement {
  return within(conversation(chatId)).getByRole('log', { hidden: true });
}

/** How far the first row with this text lies below the top of the view; none if it is not drawn. */
function offsetIn(scroller: HTMLElement, height: number, text: string): number | null {
  const body = scroller.firstElementChild as HTMLElement;
  const index = [...body.children].findIndex((one) => one.textContent.includes(text));
  if (index === -1) return null;
  return parseFloat(body.style.paddingTop) - scroller.scrollTop + index * height;
}

/** The same in a chat's history. */
function offset(chatId: ChatId, text: string): number | null {
  return offsetIn(historyOf(chatId), ROW, text);
}

function isSeen(chatId: ChatId, text: string): boolean {
  const at = offset(chatId, text);
  return at !== null && at >= 0 && at + ROW <= VIEW;
}

/** The reader scrolls. */
function scroll(scroller: HTMLElement, by: number): void {
  scroller.scrollTop += by;
  scroller.dispatchEvent(new Event('scroll'));
}

/** So many messages, each with its number. */
function write(backend: MemoryBackend, chatId: ChatId, n: number): void {
  for (let i = 1; i <= n; i += 1) backend.clientWrites(chatId, `Вопрос ${String(i)}.`);
}

/** Whatever is asked of a chat is answered once the answer is called. */
function holdBack(backend: MemoryBackend, chatId: ChatId): () => void {
  const read = backend.timeline.bind(backend);
  let answer: (() => void) | undefined;
  const asked = new Promise<void>((resolve) => (answer = resolve));
  vi.spyOn(backend, 'timeline').mockImplementation(async (id, before, limit) => {
    if (id === chatId) await asked;
    return read(id, before, limit);
  });
  return () => answer?.();
}

/** Pavel has written 60 messages, of which few enough are held to fit into the view; the others come or fail to. */
async function writeUnread(backend: MemoryBackend, others: 'come' | 'fail'): Promise<void> {
  write(backend, 'pavel', 60);
  await waitFor(() => expect(row('pavel').textContent).toContain('Вопрос 60.'));
  const chat = chatOf(backend, 'pavel');
  chat.readPlace = chat.row.last_place - 60;
  const read = backend.timeline.bind(backend);
  vi.spyOn(backend, 'timeline').mockImplementation(async (chatId, before, limit) => {
    if (chatId !== 'pavel') return read(chatId, before, limit);
    if (before === null) return { ...(await read(chatId, null, 8)), has_older: true };
    if (others === 'fail') throw new Error('no');
    return read(chatId, before, limit);
  });
}

describe('a chat that was drawn beforehand', () => {
  it.each(['stands at its end', 'was left by Esc'])(
    'and %s is begun at what has come since, and none of it counts as read',
    async (way) => {
      const { backend, open, user } = page();
      await open('pavel');
      if (way === 'was left by Esc') {
        await user.keyboard('{Escape}');
      } else {
        await open('olga');
        await user.hover(row('pavel'));
      }
      await waitFor(() => expect(conversation('pavel').closest('.is-ahead')).not.toBeNull());
      await user.hover(document.body);
      const mark = vi.spyOn(backend, 'markRead');
      write(backend, 'pavel', 30);
      await waitFor(() => expect(row('pavel').textContent).toContain('Вопрос 30.'));
      await waitFor(() => expect(isSeen('pavel', 'Вопрос 1.')).toBe(true));

      // By Enter on its row, as by a click.
      row('pavel').click();
      await waitFor(() => expect(conversation('pavel').inert).toBe(false));
      await waitFor(() => expect(isSeen('pavel', 'Вопрос 1.')).toBe(true));
      expect(mark).not.toHaveBeenCalled();
    },
  );

  it('with a few that are new is begun at them, although many more have come', async () => {
    const { backend, open, user } = page();
    await open('pavel');
    await open('olga');
    write(backend, 'pavel', 2);
    await waitFor(() => expect(row('pavel').textContent).toContain('Вопрос 2.'));
    await user.hover(row('pavel'));
    await waitFor(() => expect(conversation('pavel').closest('.is-ahead')).not.toBeNull());
    await waitFor(() => expect(isSeen('pavel', 'Вопрос 2.')).toBe(true));
    const mark = vi.spyOn(backend, 'markRead');
    for (let i = 3; i <= 32; i += 1) backend.clientWrites('pavel', `Вопрос ${String(i)}.`);
    await waitFor(() => expect(row('pavel').textContent).toContain('Вопрос 32.'));
    await user.hover(document.body);
    row('pavel').click();
    await waitFor(() => expect(conversation('pavel').inert).toBe(false));
    await waitFor(() => expect(document.activeElement).toBe(screen.getByTestId('composer')));
    expect(isSeen('pavel', 'Вопрос 1.')).toBe(true);
    expect(mark).not.toHaveBeenCalledWith('pavel', expect.anything());
  });

  it('reads nothing from afar for an entry that was looked for when it was left', async () => {
    const { backend, open, user } = page('long-history');
    await open('long');
    const read = backend.timeline.bind(backend);
    let older = 0;
    let answers: (() => void)[] = [];
    vi.spyOn(backend, 'timeline').mockImplementation(async (chatId, before, limit) => {
      if (before !== null) {
        older += 1;
        await new Promise<void>((resolve) => answers.push(resolve));
      }
      return read(chatId, before, limit);
    });
    const chats = [...document.querySelectorAll<HTMLElement>('button[data-chat-id]')];
    const other = chats.map((one) => one.dataset['chatId'] ?? '').find((id) => id !== 'long') ?? '';
    backend.clickBanner('long', false, 5);
    await waitFor(() => expect(older).toBe(1));
    await open(other);
    await waitFor(() => expect(isDrawn('long')).toBe(false));
    for (const answer of answers) answer();
    answers = [];
    older = 0;
    await user.hover(row('long'));
    await waitFor(() => expect(conversation('long').closest('.is-ahead')).not.toBeNull());
    await within(conversation('long')).findAllByTestId('entry');
    expect(older).toBe(0);
  });

  it('says that a colleague is answering once it is open', async () => {
    const { backend, open } = page();
    await open('pavel');
    const colleague = backend.world.operators.find(
      ({ id, is_active }) => is_active && id !== backend.world.session?.operator.id,
    );
    backend.world.onlookers = [
      { chat_id: 'q1', onlookers: [{ operator_id: colleague?.id ?? '', typing: 'reply' }] },
    ];
    backend.tell({ event: 'onlookers_changed' });
    row('q1').focus();
    await waitFor(() => expect(conversation('q1').closest('.is-ahead')).not.toBeNull());
    const said = within(conversation('q1')).getByTestId('onlookers-announced');
    await waitFor(() =>
      expect(within(conversation('q1')).getByTestId('onlookers').textContent).not.toBe(''),
    );
    expect(said.textContent.trim()).toBe('');
    row('q1').click();
    await waitFor(() => expect(said.textContent).toContain('печатает'));
  });
});

describe('an open chat', () => {
  it('that was left for the settings is not drawn, nor read, when another is opened', async () => {
    const { backend, open, the } = page();
    await open('pavel');
    (await the('settings')).click();
    await waitFor(() => expect(isDrawn('pavel')).toBe(false));
    backend.clientWrites('pavel', 'Вы где?');
    const mark = vi.spyOn(backend, 'markRead');
    const answer = holdBack(backend, 'olga');
    backend.clickBanner('olga');
    // Its skeleton, by then.
    await waitFor(() => expect(isDrawn('olga')).toBe(true));
    answer();
    await waitFor(() => within(conversation('olga')).getAllByTestId('entry'));
    expect(mark.mock.calls.map(([chatId]) => chatId)).not.toContain('pavel');
  });

  it('stands still when the window comes to front again', async () => {
    const { backend, open } = page();
    await open('pavel');
    await open('olga');
    write(backend, 'pavel', 30);
    await open('pavel');
    await waitFor(() => expect(isSeen('pavel', 'Вопрос 1.')).toBe(true));
    const before = offset('pavel', 'Вопрос 5.');
    const hasFocus = vi.spyOn(document, 'hasFocus').mockReturnValue(false);
    window.dispatchEvent(new Event('blur'));
    hasFocus.mockReturnValue(true);
    window.dispatchEvent(new Event('focus'));
    // What was looked at is not new any more.
    await waitFor(() => expect(offset('pavel', 'Новые')).not.toBe((before ?? 0) - 5 * ROW));
    expect(offset('pavel', 'Вопрос 5.')).toBe(before);
  });

  it('is where it was left, although what was new there was read on another device', async () => {
    const { backend, open } = page();
    await open('pavel');
    await open('olga');
    write(backend, 'pavel', 30);
    await open('pavel');
    await waitFor(() => expect(isSeen('pavel', 'Вопрос 1.')).toBe(true));
    const before = offset('pavel', 'Вопрос 5.');
    await open('olga');
    const chat = chatOf(backend, 'pavel');
    chat.readPlace = chat.row.last_place;
    backend.tell({ event: 'timeline_changed', chat_id: 'pavel' });
    await open('pavel');
    await waitFor(() => expect(offset('pavel', 'Вопрос 5.')).toBe(before));
  });

  it('of whose unread messages not all are held is begun at the first, however high the window is', async () => {
    const { backend, open } = page();
    await open('olga');
    await writeUnread(backend, 'come');
    const mark = vi.spyOn(backend, 'markRead');
    row('pavel').click();
    await waitFor(() => expect(isSeen('pavel', 'Вопрос 1.')).toBe(true));
    expect(mark).not.toHaveBeenCalledWith('pavel', expect.anything());
  });

  it('stays unread where what is unread above did not come', async () => {
    const { backend, open } = page();
    await open('olga');
    await writeUnread(backend, 'fail');
    const mark = vi.spyOn(backend, 'markRead');
    row('pavel').click();
    await screen.findByText('Более ранние сообщения пока не загрузились');
    expect(isSeen('pavel', 'Вопрос 60.')).toBe(true);
    expect(mark).not.toHaveBeenCalledWith('pavel', expect.anything());
  });

  it('is begun at what had come, although it was not read yet when it was opened', async () => {
    const { backend, open } = page();
    await open('pavel');
    await open('olga');
    const answer = holdBack(backend, 'pavel');
    const mark = vi.spyOn(backend, 'markRead');
    write(backend, 'pavel', 30);
    await waitFor(() => expect(row('pavel').textContent).toContain('Вопрос 30.'));
    row('pavel').click();
    await waitFor(() => expect(conversation('pavel').inert).toBe(false));
    answer();
    await waitFor(() => expect(isSeen('pavel', 'Вопрос 1.')).toBe(true));
    expect(mark).not.toHaveBeenCalledWith('pavel', expect.anything());
  });

  it('has what another device has begun, although it was not read yet when it was opened', async () => {
    const { backend, open, the, user } = page();
    await open('pavel');
    await user.click(await the('composer'));
    await user.keyboard('{Control>}a{/Control}старое');
    await open('olga');
    const read = backend.timeline.bind(backend);
    let answer: (() => void) | undefined;
    const asked = new Promise<void>((resolve) => (answer = resolve));
    const held = vi.spyOn(backend, 'timeline').mockImplementation(async (chatId, before, limit) => {
      const got = await read(chatId, before, limit);
      if (chatId !== 'pavel') return got;
      await asked;
      return { ...got, draft: 'новое', draft_revision: got.draft_revision + 1 };
    });
    backend.tell({ event: 'timeline_changed', chat_id: 'pavel' });
    await waitFor(() => expect(held).toHaveBeenCalled());
    row('pavel').click();
    await waitFor(() => expect(conversation('pavel').inert).toBe(false));
    answer?.();
    await waitFor(() => expect(screen.getByTestId('composer')).toHaveProperty('value', 'новое'));
  });

  it('at an entry far above does not count as read at its end', async () => {
    const { backend } = page('long-history');
    await waitFor(() => row('long'));
    backend.clientWrites('long', 'Вопрос 1.');
    await waitFor(() => expect(row('long').textContent).toContain('Вопрос 1.'));
    const chat = chatOf(backend, 'long');
    chat.readPlace = chat.row.last_place - 1;
    const mark = vi.spyOn(backend, 'markRead');
    backend.clickBanner('long', false, chat.row.last_place - 60);
    await waitFor(() => expect(historyOf('long').querySelector('.is-marked')).not.toBeNull());
    // Drawn around it as well.
    await waitFor(() =>
      expect(historyOf('long').querySelectorAll('[data-place]').length).toBeGreaterThan(15),
    );
    expect(mark).not.toHaveBeenCalled();
  });

  it('does not go back to a line that was asked for and is seen when its reader scrolls away', async () => {
    const { backend, open } = page('long-history');
    await open('long');
    // What lies beyond the view as well: it is not drawn any more for that.
    await waitFor(() =>
      expect(historyOf('long').querySelectorAll('[data-place]').length).toBeGreaterThan(15),
    );
    const places = [...historyOf('long').querySelectorAll<HTMLElement>('[data-place]')];
    const place = Number(places.at(-5)?.dataset['place']);
    backend.clickBanner('long', false, place);
    await waitFor(() => expect(historyOf('long').querySelector('.is-marked')).not.toBeNull());
    const top = historyOf('long').scrollTop;
    scroll(historyOf('long'), -800);
    await waitFor(() => expect(screen.queryByTestId('to-end')).not.toBeNull());
    expect(historyOf('long').scrollTop).toBeLessThan(top - 700);
  });
});

describe('the focus', () => {
  it('is where one writes, although the chat took long to be read', async () => {
    const { backend, open, the, user } = page();
    await open('pavel');
    await user.click(await the('composer'));
    const answer = holdBack(backend, 'olga');
    row('olga').click();
    // The keeper has given it to something else by then, as what had it is gone.
    await waitFor(() => expect(isDrawn('pavel')).toBe(false));
    await waitFor(() => expect(conversation('olga').contains(document.activeElement)).toBe(true));
    answer();
    await waitFor(() => expect(document.activeElement).toBe(screen.getByTestId('composer')));
  });

  it('stays where somebody writes while a chat is read', async () => {
    const { backend, the, user } = page();
    await waitFor(() => row('pavel'));
    const answer = holdBack(backend, 'pavel');
    row('pavel').click();
    await waitFor(() => expect(isDrawn('pavel')).toBe(true));
    const field = await the<HTMLInputElement>('filter');
    await user.click(field);
    await user.keyboard('ив');
    answer();
    await waitFor(() => expect(screen.queryByTestId('composer')).not.toBeNull());
    await user.keyboard('ан');
    expect(field.value).toBe('иван');
  });

  it('is where one writes as soon as that is seen, and stays where it goes then', async () => {
    const { backend, open, the, user } = page();
    await open('pavel');
    await open('olga');
    const read = backend.timeline.bind(backend);
    let answer: (() => void) | undefined;
    const asked = new Promise<void>((resolve) => (answer = resolve));
    const reads: Promise<unknown>[] = [];
    vi.spyOn(backend, 'timeline').mockImplementation((chatId, before, limit) => {
      const isAwaited = chatId === 'pavel' ? asked : Promise.resolve();
      const answered = isAwaited.then(() => read(chatId, before, limit));
      reads.push(answered);
      return answered;
    });
    row('pavel').focus();
    row('pavel').click();
    await waitFor(() => expect(document.activeElement).toBe(screen.getByTestId('composer')));
    const field = await the<HTMLInputElement>('filter');
    await user.click(field);
    await user.keyboard('и');
    answer?.();
    await Promise.all(reads);
    await user.keyboard('ван');
    expect(field.value).toBe('иван');
  });
});

describe('what was told to those who listen', () => {
  it.each(['signed out', 'left the chat'])('is gone when one has %s', async (way) => {
    const { backend, open, the, user } = page();
    await open('pavel');
    await waitFor(() => expect(conversation('pavel')).toBeDefined());
    const spoken = await the('spoken');
    backend.clientWrites('pavel', 'Между нами.');
    await waitFor(() => expect(spoken.textContent).toContain('Между нами.'));
    if (way === 'signed out') {
      await backend.signOut(true);
      backend.tell({ event: 'overview_changed' });
    } else {
      await user.keyboard('{Escape}');
    }
    await waitFor(() => expect(spoken.textContent).toBe(''));
  });
});

describe('what was found', () => {
  it('is gone with the chat in which it stood', async () => {
    const { backend, the, user } = page();
    await user.type(await the('filter'), 'Спасибо');
    const hits = (): number =>
      screen.queryAllByTestId('found-entry').filter((one) => one.dataset['chatId'] === 'pavel')
        .length;
    await waitFor(() => expect(hits()).toBeGreaterThan(0));
    backend.world.chats.delete('pavel');
    backend.tell({ event: 'timeline_changed', chat_id: 'pavel' });
    await waitFor(() => expect(hits()).toBe(0));
  });
});

describe('the lists', () => {
  it('begin at their top where the chat by which their place was known has gone', async () => {
    listRow = 50;
    const { backend, the } = page();
    await waitFor(() => row('pavel'));
    const scroller = (): HTMLElement => screen.getByRole('group', { name: 'Чаты' });
    scroll(scroller(), 130);
    await waitFor(() => expect(offsetIn(scroller(), listRow, 'Павел')).toBe(-30));
    (await the('settings')).click();
    await waitFor(() => expect(screen.queryByRole('group', { name: 'Чаты' })).toBeNull());
    backend.world.chats.delete('pavel');
    const read = vi.spyOn(backend, 'overview');
    backend.tell({ event: 'overview_changed' });
    await waitFor(() => expect(read).toHaveBeenCalled());
    (await the('rail-chats')).click();
    await waitFor(() => expect(scroller().scrollTop).toBe(0));
  });
});
