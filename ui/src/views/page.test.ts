import type { Notification } from '../api/generated/Notification';
import type { Timeline } from '../api/generated/Timeline';
import { cleanup, screen, waitFor, within } from '@testing-library/svelte';
import { flushSync } from 'svelte';
import { describe, expect, it, vi } from 'vitest';

import { page, row } from '../test/page';

describe('the lists', () => {
  it('show groups with their numbers, names, last lines, drafts and what waits', async () => {
    const { the } = page();
    expect(await the('group-count-in_work')).toHaveProperty(
      'textContent',
      expect.stringMatching(/^3/u),
    );
    expect((await the('group-count-queued')).textContent).toContain('5 чатов');
    expect(row('olga').textContent).toMatch(/Черновик:\s*Ольга, счёт готов/u);
    expect(row('q1').textContent).toContain('ждёт ответа 21 мин');
    expect(row('q2').textContent).toMatch(/Документ: Смета\.pdf.*был у: Иван/u);
    expect(row('marina').textContent).toContain('2 непрочитанных');
    expect(row('q1').dataset['status']).toBe('queued');
  });

  it('fold', async () => {
    const { the, user } = page();
    const group = await the('group-queued');
    await user.click(group);
    expect(group.getAttribute('aria-expanded')).toBe('false');
    expect(document.querySelector('[data-chat-id="q1"]')).toBeNull();
  });

  it('tell the window how many wait', async () => {
    const { backend } = page();
    await waitFor(() => expect(backend.asked).toContain('badge 6 Pult: ждут 6 клиентов'));
    expect(document.title).toBe('Pult: ждут 6 клиентов');
  });

  it('follow what the panel says has changed', async () => {
    const { backend, the } = page();
    await the('group-queued');
    backend.clientWrites('pavel', 'Ещё вопрос');
    await waitFor(() => expect(row('pavel').textContent).toContain('Ещё вопрос'));
  });
});

describe('a chat', () => {
  it('is read while the pointer rests on it, and is there at once when it is opened', async () => {
    const { backend, the, user } = page();
    await the('group-queued');
    const read = vi.spyOn(backend, 'timeline');
    await user.hover(row('pavel'));
    await waitFor(() => expect(read).toHaveBeenCalledTimes(1));
    backend.clientWrites('pavel', 'Ещё вопрос');
    await waitFor(() => expect(read).toHaveBeenCalledTimes(2));
    await read.mock.results[1]?.value;
    row('pavel').click();
    flushSync();
    expect(screen.getAllByTestId('entry').at(-1)?.textContent).toContain('Ещё вопрос');
    expect(read).toHaveBeenCalledTimes(2);
  });

  it('is drawn while the pointer rests on it, and is only shown when it is opened', async () => {
    const height = vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(400);
    try {
      const { backend, open, user } = page();
      await open('pavel');
      const mark = vi.spyOn(backend, 'markRead');
      const drawn = (): HTMLElement[] => [
        ...document.querySelectorAll<HTMLElement>('[data-region="chat"]'),
      ];
      expect(drawn()).toHaveLength(1);
      await user.hover(row('marina'));
      await waitFor(() => expect(drawn()).toHaveLength(2));
      const [seen, ahead] = drawn();
      expect(seen!.dataset['chatId']).toBe('pavel');
      expect(seen!.inert).toBe(false);
      expect(ahead!.dataset['chatId']).toBe('marina');
      expect(ahead!.inert).toBe(true);
      expect(ahead!.closest('.is-ahead')).not.toBeNull();
      await within(ahead!).findAllByTestId('entry');
      expect(mark).not.toHaveBeenCalled();
      expect(backend.asked).not.toContain('watch marina in front');

      await user.click(row('marina'));
      expect(drawn()).toEqual([ahead]);
      expect(ahead!.inert).toBe(false);
      expect(ahead!.closest('.is-ahead')).toBeNull();
      await waitFor(() => expect(mark).toHaveBeenCalledWith('marina', expect.anything()));
      expect(ahead!.contains(document.activeElement)).toBe(true);
    } finally {
      height.mockRestore();
    }
  });

  it('that was left is drawn anew where what came since begins', async () => {
    const { backend, open, user } = page();
    await open('pavel');
    await open('olga');
    backend.clientWrites('pavel', 'А счёт?');
    await waitFor(() => expect(row('pavel').textContent).toContain('А счёт?'));
    await user.hover(row('pavel'));
    const ahead = await vi.waitUntil(() => document.querySelector<HTMLElement>('.is-ahead'));
    expect(await within(ahead).findByText('Новые')).toBeDefined();
  });

  it('asks again for older messages that do not come, later and later, and says so', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    const height = vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(400);
    try {
      const { backend, open } = page();
      const read = backend.timeline.bind(backend);
      let nOlder = 0;
      vi.spyOn(backend, 'timeline').mockImplementation(async (chatId, before, limit) => {
        if (before !== null) nOlder += 1;
        const answer = await read(chatId, before, limit);
        if (before !== null) return { ...answer, entries: [], has_older: true };
        const entries = answer.entries.map((entry) => ({ ...entry, place: entry.place + 100 }));
        return { ...answer, entries, has_older: true };
      });
      await open('pavel');
      await screen.findByText('Более ранние сообщения пока не загрузились');
      expect(nOlder).toBe(1);
      await vi.advanceTimersByTimeAsync(5_000);
      expect(nOlder).toBe(2);
      await vi.advanceTimersByTimeAsync(8_000);
      expect(nOlder).toBe(2);
      await vi.advanceTimersByTimeAsync(2_000);
      expect(nOlder).toBe(3);
    } finally {
      height.mockRestore();
      vi.useRealTimers();
    }
  });

  it('is read again once there is a connection again', async () => {
    const { backend, open, the } = page();
    await open('pavel');
    const read = vi.spyOn(backend, 'timeline');
    backend.world.connection = { state: 'offline', since: Date.now(), cannot_write: false };
    backend.tell({ event: 'overview_changed' });
    await the('connection-bar');
    expect(read).not.toHaveBeenCalled();
    backend.world.connection = { state: 'live' };
    backend.tell({ event: 'overview_changed' });
    await waitFor(() => expect(read).toHaveBeenCalledWith('pavel', null, 80, expect.anything()));
  });

  it('counts as read at its end only once what is unread above has come', async () => {
    const height = vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(400);
    try {
      const { backend, open } = page();
      const read = backend.timeline.bind(backend);
      const mark = vi.spyOn(backend, 'markRead');
      let comes: ((answer: Timeline) => void) | null = null;
      vi.spyOn(backend, 'timeline').mockImplementation(async (chatId, before, limit) => {
        const answer = await read(chatId, before === null ? null : before - 100, limit);
        if (before !== null) return new Promise((resolve) => (comes = resolve));
        const entries = answer.entries.map((entry) => ({ ...entry, place: entry.place + 100 }));
        return { ...answer, entries, read_place: 99, has_older: true };
      });
      await open('pavel');
      const [first] = await screen.findAllByTestId('entry');
      const older = await vi.waitUntil(() => comes);
      expect(mark).not.toHaveBeenCalled();
      const answer = await read('pavel', null, 1);
      const entries = answer.entries.map((entry) => ({ ...entry, id: 'before', place: 100 }));
      older({ ...answer, entries, has_older: false });
      await waitFor(() => expect(mark).toHaveBeenCalledWith('pavel', expect.anything()));
      expect(first?.isConnected).toBe(true);
    } finally {
      height.mockRestore();
    }
  });

  it('takes the place of the one before when it is read, which is out of reach meanwhile', async () => {
    const { backend, open } = page();
    await open('pavel');
    const answer = await backend.timeline('olga', null, 80);
    let read: (answer: Timeline) => void = () => undefined;
    vi.spyOn(backend, 'timeline').mockReturnValue(new Promise((resolve) => (read = resolve)));
    const shown = (): HTMLElement => document.querySelector<HTMLElement>('[data-region="chat"]')!;
    row('olga').click();
    flushSync();
    expect(shown().dataset['chatId']).toBe('pavel');
    expect(shown().inert).toBe(true);
    expect(row('olga').getAttribute('aria-current')).toBe('true');
    read(answer);
    await waitFor(() => expect(shown().dataset['chatId']).toBe('olga'));
    expect(shown().inert).toBe(false);
  });

  it('shows itself empty if it takes longer to read', async () => {
    const { backend, open } = page();
    await open('pavel');
    vi.spyOn(backend, 'timeline').mockReturnValue(new Promise(() => undefined));
    row('olga').click();
    await waitFor(() =>
      expect(document.querySelector('[data-region="chat"][data-chat-id="olga"]')).not.toBeNull(),
    );
    expect(screen.queryByTestId('entry')).toBeNull();
    expect((await screen.findByTestId('conversation-title')).textContent).toBe('Ольга Придумкина');
  });

  it('is not read because a pointer passes over it', async () => {
    const { backend, the } = page();
    await the('group-queued');
    const read = vi.spyOn(backend, 'timeline');
    row('pavel').dispatchEvent(new PointerEvent('pointerenter'));
    row('pavel').dispatchEvent(new PointerEvent('pointerleave'));
    row('olga').dispatchEvent(new PointerEvent('pointerenter'));
    await waitFor(() => expect(read).toHaveBeenCalled());
    expect(read.mock.calls.map(([chatId]) => chatId)).toEqual(['olga']);
  });
});

describe('the composer', () => {
  it('sends on Enter, keeps the focus and is empty for the next', async () => {
    const { open, user, draft, backend, has } = page();
    await open('pavel');
    await user.type(await screen.findByTestId('composer'), 'Едем{Enter}');
    expect(draft()).toBe('');
    expect(document.activeElement).toBe(screen.getByTestId('composer'));
    await waitFor(() => expect(has('echo')).toBe(true));
    backend.settle('pavel');
    await waitFor(() => expect(has('echo')).toBe(false));
    const last = screen.getAllByTestId('entry').at(-1)!;
    expect(last.textContent).toContain('Едем');
    expect(within(last).getByTestId('entry-ticks').dataset['state']).toBe('pending');
  });

  it('starts a new line on Shift+Enter, and sends on Ctrl+Enter', async () => {
    const { open, user, draft, has } = page();
    await open('pavel');
    await user.type(screen.getByTestId('composer'), 'а{Shift>}{Enter}{/Shift}б');
    expect(draft()).toBe('а\nб');
    await user.keyboard('{Control>}{Enter}{/Control}');
    expect(draft()).toBe('');
    await waitFor(() => expect(has('echo')).toBe(true));
  });

  it('has a draft for each chat', async () => {
    const { open, user, draft, backend } = page();
    await open('pavel');
    await user.type(screen.getByTestId('composer'), 'Курьер');
    await open('olga');
    expect(draft()).toBe('Ольга, счёт готов: сумма 48 300 ₽, ');
    expect(backend.world.chats.get('pavel')?.draft).toBe('Курьер');
    await open('pavel');
    expect(draft()).toBe('Курьер');
  });

  it('tells how much is left near the limit, and sends nothing beyond it', async () => {
    const { open, user, the, has } = page();
    await open('pavel');
    const composer = await the('composer');
    await user.click(composer);
    await user.paste('а'.repeat(3890));
    expect(has('composer-left')).toBe(false);
    await user.paste('я'.repeat(200));
    expect((await the('composer-left')).textContent).toContain('осталось 6 знаков');
    await user.paste('🙂'.repeat(8));
    expect((await the('composer-left')).textContent).toContain('лишние 2 знака');
    expect(await the('send')).toHaveProperty('disabled', true);
    await user.keyboard('{Enter}');
    expect(has('echo')).toBe(false);
  });

  it('says what Enter does, and whose the chat will be', async () => {
    const { open, the } = page();
    await open('q1');
    expect(document.getElementById('composer-hint')?.textContent).toContain('Enter отправляет');
    expect(await the('composer')).toHaveProperty('placeholder', expect.stringContaining('чат ваш'));
  });

  it.each([
    ['window-near', 'WhatsApp примет ответ ещё 1 ч 6 мин'],
    ['window-over', 'Прошло больше 24 часов'],
  ])('warns of the 24 hours: %s', async (fixture, words) => {
    const { open, the } = page(fixture);
    await open('marina');
    expect((await the('reply-window')).textContent).toContain(words);
  });

  it('says over the reply, and not over a comment, that the channel sends nothing', async () => {
    const { open, the, has, user, backend } = page();
    await open('pavel');
    expect(has('channel-problem')).toBe(false);
    const [channel] = backend.world.channels;
    backend.world.channels = [{ ...channel!, problem: 'channel_blocked' }];
    backend.tell({ event: 'overview_changed' });
    expect((await the('channel-problem')).textContent).toContain('Скажите администратору');
    await user.click(await the('comment-toggle'));
    await waitFor(() => expect(has('channel-problem')).toBe(false));
  });
});

describe('a refused reply', () => {
  it('stays in the composer under a strip that says who was first', async () => {
    const { open, the, draft } = page('held-taken');
    await open('marina');
    expect((await the('held')).textContent).toContain('Иван ответил раньше.');
    expect((await the('held')).dataset['code']).toBe('chat_taken');
    expect(draft()).toMatch(/^Да, мастер/u);
  });

  it('can be discarded', async () => {
    const { open, the, user, draft, has } = page('held-taken');
    await open('marina');
    await user.click(await the('held-action-discard'));
    await waitFor(() => expect(has('held')).toBe(false));
    expect(draft()).toBe('');
  });

  it('can be sent anyway', async () => {
    const { open, the, user, has } = page('held-newer');
    await open('marina');
    await user.click(await the('held-action-send_anyway'));
    await waitFor(() => expect(has('echo')).toBe(true));
    expect(has('held')).toBe(false);
  });

  it('of a chat that is out of sight stands in a shell until it is discarded', async () => {
    const { open, the, user, draft, has } = page('shells');
    await open('shell-1');
    expect((await the('held')).textContent).toContain('Иван ответил раньше.');
    expect(draft()).toMatch(/^Зинаида, добрый день/u);
    await user.click(await the('held-action-discard'));
    await waitFor(() => expect(has('group-shells')).toBe(false));
    expect(has('conversation')).toBe(false);
  });
});

describe('the history', () => {
  it('shows every kind of entry as text, never as markup', async () => {
    const { open } = page('kinds');
    await open('marina');
    const last = (await screen.findAllByTestId('entry')).at(-1)!;
    expect(last.querySelector('strong')?.textContent).toBe('жирный');
    expect(last.querySelector('b')).toBeNull();
    expect(last.textContent).toContain('<b>не тег</b> &');
    expect(screen.getByText('Сообщение, которое панель пока не показывает')).toBeTruthy();
  });

  it('opens links outside and says where they lead', async () => {
    const { open, user, backend } = page('kinds');
    await open('marina');
    const link = await screen.findByText('https://example.org/a_b_c');
    expect(link.title).toBe('Откроется в браузере: example.org');
    await user.click(link);
    expect(backend.asked).toContain('open https://example.org/a_b_c');
  });

  it('has ticks for every state, and words for what went wrong', async () => {
    const { open } = page('ticks');
    await open('marina');
    await screen.findAllByTestId('entry-ticks');
    const states = screen.getAllByTestId('entry-ticks').map((tick) => tick.dataset['state']);
    for (const state of [
      'pending',
      'sending',
      'sent',
      'delivered',
      'read',
      'not_confirmed',
      'failed',
    ]) {
      expect(states).toContain(state);
    }
    expect(screen.getAllByTestId('entry-failure')[0]?.textContent).toContain('24 часов');
  });

  it('offers what may not have arrived to be written again, and sends nothing by itself', async () => {
    const { open, user, draft, has } = page('ticks');
    await open('marina');
    const unsure = (await screen.findAllByTestId('entry')).find((entry) =>
      entry.textContent?.includes('Сообщение: not_confirmed'),
    )!;
    await user.click(within(unsure).getByRole('button', { name: 'Написать снова' }));
    expect(draft()).toBe('Сообщение: not_confirmed');
    expect(has('echo')).toBe(false);
  });

  it('says of what waits for a connection that it will go, and gives it back', async () => {
    const { open, the, user, draft } = page('offline');
    await open('marina');
    expect((await the('connection-bar')).textContent).toMatch(/Нет связи с \d\d:\d\d/u);
    const echoes = await screen.findAllByTestId('echo');
    expect(echoes.map((echo) => echo.textContent)).toEqual([
      expect.stringContaining('Передано, ждём ответа сервера'),
      expect.stringContaining('Уйдёт, как только появится связь'),
    ]);
    await user.click(await the('echo-take-back'));
    await waitFor(() => expect(draft()).toBe('И уровень тоже возьмёт.'));
  });
});

describe('the card', () => {
  it('tells what is known of the client', async () => {
    const { open, the, user } = page();
    await open('marina');
    await user.click(await the('card-toggle'));
    const words = (await the('card')).textContent.replaceAll('\u00A0', ' ');
    expect(words).toContain('Марина Выдумкина');
    expect(words).toContain('+7 999 000-01-01');
    expect(words).toContain('WhatsApp, отдел продаж');
    expect(words).toContain('3 мин');
  });
});

describe('a chat', () => {
  it('is closed from the menu, says so, and can be reopened', async () => {
    const { open, the, user, backend } = page();
    await open('pavel');
    await user.click(await the('menu'));
    await user.click(await the('menu-close'));
    expect((await the('pending')).textContent).toContain('Диалог будет завершён');
    expect(row('pavel').classList).toContain('is-going');
    backend.settle('pavel');
    await the('composer-closed');
    await user.click(await the('menu'));
    await user.click(await the('menu-reopen'));
    backend.settle('pavel');
    await the('composer');
  });

  it('opens at a click on its banner', async () => {
    const { backend, the } = page();
    await the('group-queued');
    backend.clickBanner('q3');
    expect((await the('conversation')).dataset['chatId']).toBe('q3');
    expect(backend.asked).toContain('watch q3 in front');
  });

  it('has the cursor where one writes after a click on Reply', async () => {
    const { backend, the, user, draft } = page();
    await the('group-queued');
    backend.clickBanner('q3', true);
    await waitFor(async () => expect(document.activeElement).toBe(await the('composer')));
    await user.keyboard('jk');
    expect(draft()).toBe('jk');
    expect((await the('conversation')).dataset['chatId']).toBe('q3');
  });

  it('is not opened by a banner of a session that has ended', async () => {
    const { backend, the, has } = page();
    await the('group-queued');
    await backend.signOut(true);
    backend.tell({ event: 'overview_changed' });
    await the('sign-in-submit');
    backend.clickBanner('q3');
    await backend.signIn('https://pult.example', 'anna', 'secret');
    backend.tell({ event: 'overview_changed' });
    await the('group-queued');
    expect(has('conversation')).toBe(false);
    expect(backend.asked).not.toContain('watch q3 in front');
  });

  it('has banners worded here', async () => {
    const { backend, the } = page();
    await the('group-queued');
    const notification = notificationOf('q5', { text: '', placeholder: 'sticker' });
    backend.tell({ event: 'notify', notification });
    expect(backend.asked).toContain('banner q5 Новый чат: Тимур: Стикер');
  });

  it.each([
    ['mention', 'Тимур: вас позвали в чат'],
    ['given', 'Чат передан вам: Тимур'],
    ['reopened', 'Чат снова у вас: Тимур'],
    ['not_delivered', 'Не доставлено: Тимур'],
    ['suggested', 'Чат для вас: Тимур'],
    ['new_message', 'Тимур'],
    ['new_in_queue', 'Новый чат: Тимур'],
    ['observed', 'Тимур (вы наблюдаете)'],
  ] as const)('has a banner that says what happened: %s', async (what, heading) => {
    const { backend, the } = page();
    await the('group-queued');
    const notification = notificationOf('q5', { what, text: 'Глянь' });
    backend.tell({ event: 'notify', notification });
    expect(backend.asked).toContain(`banner q5 ${heading}: Глянь`);
  });

  it.each([
    [
      { what: 'waits_in_queue', key: { about: 'queue' }, n: 3, minutes: 5 },
      'Клиент ждёт в очереди: Тимур ждёт 5 мин. И ещё 2 клиента.',
    ],
    [
      { what: 'waits_in_queue', key: { about: 'queue' }, n: 1, minutes: 3 * 24 * 60 + 5 },
      'Клиент ждёт в очереди: Тимур ждёт 3 дня.',
    ],
    [{ key: { about: 'several' }, n: 12, chat_id: null }, 'Новое в 12 чатах: '],
    [
      { what: 'overdue', key: { about: 'late' }, n: 2, minutes: 10, chat_id: null },
      'Клиенты ждут ответа: 2 чата ждут дольше 10 мин',
    ],
    [{ what: 'connection_lost', key: { about: 'connection' } }, 'Нет связи с сервером: '],
    [
      { what: 'channel_down', key: { about: 'channel', channel_id: 'n1' }, title: 'Продажи' },
      'Канал «Продажи» не отправляет: ',
    ],
  ] as const)('has a banner that says what happened: %o', async (facts, said) => {
    const { backend, the } = page();
    await the('group-queued');
    backend.tell({ event: 'notify', notification: notificationOf('q5', facts) });
    expect(backend.asked.find((asked) => asked.startsWith('banner'))).toContain(said);
  });

  it('takes a banner away that was seen elsewhere', async () => {
    const { backend, the } = page();
    await the('group-queued');
    backend.tell({ event: 'withdraw', key: { about: 'chat', chat_id: 'q5' } });
    expect(backend.asked).toContain('hide {"about":"chat","chat_id":"q5"}');
  });

  it('tells by itself what the system has no banners for', async () => {
    const { backend, the, user } = page();
    await the('group-queued');
    backend.hasBanners = false;
    const notification = notificationOf('q3', {});
    backend.tell({ event: 'notify', notification });
    const toast = await the('toast');
    expect(toast.textContent).toContain('Новый чат: Тимур: Добрый день');
    await user.click(within(toast).getByRole('button', { name: 'Открыть' }));
    expect((await the('conversation')).dataset['chatId']).toBe('q3');
  });

  it('takes such a toast away once its chat is looked at, and no other', async () => {
    const { backend, the, has } = page();
    await the('group-queued');
    backend.hasBanners = false;
    backend.tell({ event: 'notify', notification: notificationOf('q3', {}) });
    await the('toast');
    const hide = vi.spyOn(backend, 'hideBanner');
    backend.tell({ event: 'withdraw', key: { about: 'chat', chat_id: 'q5' } });
    await Promise.allSettled(hide.mock.results.map(({ value }) => value as Promise<void>));
    expect(has('toast')).toBe(true);
    backend.tell({ event: 'withdraw', key: { about: 'chat', chat_id: 'q3' } });
    await waitFor(() => expect(has('toast')).toBe(false));
  });
});

describe('the eye', () => {
  it('turns the whole composer to a comment and gives the reply back', async () => {
    const { open, the, user, draft, backend } = page();
    await open('olga');
    const reply = draft();
    await user.click(await the('comment-toggle'));
    const composer = await the('composer');
    expect(composer.dataset['mode']).toBe('comment');
    expect(composer).toHaveProperty('placeholder', expect.stringContaining('Коллегу позовёт @'));
    expect(composer.closest('.comment-ground')).not.toBeNull();
    expect((await the('send')).textContent).toContain('Добавить комментарий');
    expect(document.activeElement).toBe(composer);
    await user.keyboard('Проверить сумму');
    await user.keyboard('{Alt>}[KeyP]{/Alt}');
    expect(draft()).toBe(reply);
    expect((await the('send')).textContent).toContain('Отправить');
    await user.keyboard('{Alt>}[KeyP]{/Alt}');
    expect(draft()).toBe('Проверить сумму');
    await waitFor(() => expect(row('olga').textContent).toMatch(/Черновик:\s*Проверить сумму/u));
    await the('row-comment-draft');
    await user.keyboard('{Enter}');
    expect(backend.world.chats.get('olga')?.draft).toBe(reply);
    backend.settle('olga');
    await waitFor(() =>
      expect(screen.getAllByTestId('entry').at(-1)?.dataset['kind']).toBe('comment'),
    );
    const last = screen.getAllByTestId('entry').at(-1)!;
    expect(last.textContent).toContain('Скрытый комментарий, Вы');
    expect(last.textContent).toContain('Проверить сумму');
  });

  it('says who will see the comment', async () => {
    const { open, the, user } = page('comment');
    await open('marina');
    expect(await the('composer')).toHaveProperty(
      'placeholder',
      'Клиент этого не увидит. Увидят: Иван',
    );
    await open('q1');
    await user.click(await the('comment-toggle'));
    expect(await the('composer')).toHaveProperty(
      'placeholder',
      'Клиент этого не увидит. Увидят все сотрудники',
    );
    // Also where the field does not say it any more.
    await user.type(await the('composer'), 'Постоянный клиент');
    expect(document.getElementById('composer-hint')?.textContent).toContain(
      'Увидят все сотрудники',
    );
  });
});

describe('an @', () => {
  it('finds colleagues, and choosing one turns the reply into a comment', async () => {
    const { open, the, has, user, draft, backend } = page();
    await open('pavel');
    await user.type(await the('composer'), 'Глянь, @артем');
    expect((await the('mention-list')).getAttribute('role')).toBe('listbox');
    expect(screen.getAllByRole('option').map((one) => one.textContent)).toEqual([
      expect.stringContaining('Артём Небылов'),
    ]);
    await user.keyboard('{Enter}');
    expect(draft()).toBe('Глянь, @Артём Небылов ');
    expect((await the('composer')).dataset['mode']).toBe('comment');
    expect(has('mention-list')).toBe(false);
    await user.keyboard('пожалуйста{Enter}');
    expect(draft()).toBe('');
    backend.settle('pavel');
    await waitFor(() => expect(has('mention')).toBe(true));
    const mention = await the('mention');
    expect(mention.textContent).toBe('@Артём Небылов');
    expect((await the('conversation-status')).textContent).toContain('Наблюдают: Артём Небылов');
    expect(
      backend.world.chats
        .get('pavel')
        ?.entries.some((one) => one.body.kind === 'outbound' && one.body.text.includes('Глянь')),
    ).toBe(false);
  });

  it('is gone through with arrows, left with Esc, and offers neither me nor who is gone', async () => {
    const { open, the, has, user, draft } = page();
    await open('pavel');
    await user.click(await the('mention-button'));
    expect(draft()).toBe('@');
    const options = (): string[] =>
      screen.getAllByRole('option').map((one) => one.dataset['testid'] ?? '');
    const selected = (): string | undefined =>
      screen.getAllByRole('option').find((one) => one.getAttribute('aria-selected') === 'true')
        ?.dataset['testid'];
    expect(options().sort()).toEqual(
      ['op-artyom', 'op-boss', 'op-ivan', 'op-maria'].map((id) => `mention-list-${id}`),
    );
    const first = selected();
    await user.keyboard('{ArrowDown}');
    expect(selected()).not.toBe(first);
    await user.keyboard('{ArrowUp}');
    expect(selected()).toBe(first);
    await user.keyboard('{Escape}');
    expect(has('mention-list')).toBe(false);
    expect(has('conversation')).toBe(true);
    await user.keyboard(' ');
    await user.keyboard('@ма');
    await user.click(await the('mention-list-op-maria'));
    expect(draft()).toBe('@ @Мария Примерова ');
  });

  it('stands open where one left off', async () => {
    const { open, the } = page('mention');
    await open('marina');
    await the('mention-list-op-maria');
  });
});

describe('an observed chat', () => {
  it('has its group, marks mentions of me apart and shows comments as hidden', async () => {
    const { open, the, has, backend } = page('observed');
    expect((await the('group-count-observed')).textContent).toContain('1 чат');
    expect(row('fyodor').textContent).toContain('1 упоминание вас');
    expect(row('fyodor').querySelector('[data-testid="row-comment"]')).not.toBeNull();
    await open('fyodor');
    expect((await the('conversation-status')).textContent).toContain(
      'Наблюдают: Анна Образцова, Мария Примерова',
    );
    const mine = screen.getAllByTestId('mention').filter((one) => one.dataset['me'] === 'true');
    expect(mine.length).toBeGreaterThan(0);
    expect(screen.getByText('Ответственный теперь Иван. Передано: 1С')).toBeTruthy();
    await backend.markRead('fyodor', 100);
    await waitFor(() => expect(has('row-mentions')).toBe(false));
  });

  it('offers leaving at the top, and neither transfer nor closing', async () => {
    const { open, the, has, user, backend } = page('observed');
    await open('fyodor');
    await user.click(await the('menu'));
    expect(has('menu-transfer')).toBe(false);
    expect(has('menu-close')).toBe(false);
    await user.click(await the('menu-only-addressed'));
    await the('row-only-addressed');
    await user.keyboard('{Alt>}[KeyT][KeyE]{/Alt}');
    expect(has('transfer')).toBe(false);
    expect(has('pending')).toBe(false);
    await user.click(await the('leave'));
    expect((await the('pending')).textContent).toContain('Вы покинете чат');
    backend.settle('fyodor');
    await waitFor(() => expect(has('group-observed')).toBe(false));
    expect(screen.getByText('Этот чат больше не в вашей панели')).toBeTruthy();
  });
});

describe('a transfer', () => {
  it('is chosen knowing who is there', async () => {
    const { open, the, user } = page('transfer');
    await open('pavel');
    await user.keyboard('{Alt>}[KeyT]{/Alt}');
    const about = async (id: string): Promise<string> =>
      (await the(`transfer-to-${id}`)).querySelector('.about')?.textContent ?? '';
    expect(await about('op-ivan')).toBe('в сети');
    expect(await about('op-maria')).toContain('супервизор · не в сети с ');
    expect(await about('op-boss')).toBe('администратор · не в сети');
  });

  it('asks to whom and takes a hidden comment along', async () => {
    const { open, the, has, user, backend } = page('transfer');
    await open('pavel');
    await user.keyboard('{Alt>}[KeyT]{/Alt}');
    expect(document.activeElement).toBe(await the('transfer-search'));
    expect(await the('transfer-submit')).toHaveProperty('disabled', true);
    expect(has('transfer-to-op-anna')).toBe(false);
    await user.keyboard('примеро');
    await user.type(await the('transfer-note'), 'Ждёт курьера');
    await user.click(await the('transfer-submit'));
    expect(has('transfer')).toBe(false);
    expect((await the('pending')).textContent).toContain('Чат будет передан: Мария Примерова');
    backend.settle('pavel');
    await waitFor(() => expect(screen.getByText('Этот чат больше не в вашей панели')).toBeTruthy());
    // Nobody is named in the place of a client who is not known any more.
    expect(has('conversation-title')).toBe(false);
    const { row: chat, entries } = backend.world.chats.get('pavel')!;
    expect(chat.owner_id).toBe('op-maria');
    expect(entries.at(-1)?.body).toMatchObject({ kind: 'comment', text: 'Ждёт курьера' });
  });

  it('that is thought better of leaves the focus where it was', async () => {
    const { open, the, has, user } = page('transfer');
    await open('pavel');
    await user.click(await the('composer'));
    await user.keyboard('{Alt>}[KeyT]{/Alt}');
    expect(document.activeElement).toBe(await the('transfer-search'));
    await user.click(screen.getByText('Отмена'));
    expect(has('transfer')).toBe(false);
    expect(document.activeElement).toBe(await the('composer'));
  });

  it('is done by keyboard alone, and Esc leaves the chat open', async () => {
    const { open, the, has, user, backend } = page('transfer');
    await open('pavel');
    await user.keyboard('{Alt>}[KeyT]{/Alt}');
    await the('transfer');
    await user.keyboard('{Escape}');
    expect(has('conversation')).toBe(true);
    await user.keyboard('{Enter}');
    expect(backend.world.chats.get('pavel')?.pending).toBeNull();
    await user.click(await the('transfer-search'));
    await user.keyboard('ив{Enter}');
    // The first Enter chooses and goes on to the words; only the second gives.
    expect(document.activeElement).toBe(await the('transfer-note'));
    expect(backend.world.chats.get('pavel')?.pending).toBeNull();
    await user.keyboard('{Enter}');
    await the('pending');
    expect(backend.world.chats.get('pavel')?.pending?.to).toBe('op-ivan');
  });
});

describe('what waits', () => {
  it('is taken back in the chat', async () => {
    const { open, the, has, user, backend } = page('pending-close');
    await open('marina');
    await user.click(await the('pending-undo'));
    await waitFor(() => expect(has('pending')).toBe(false));
    expect(row('marina').classList).not.toContain('is-going');
    expect(backend.world.chats.get('marina')?.row.status).toBe('in_work');
  });

  it('is taken back from another chat too', async () => {
    const { open, the, has, user, backend } = page();
    await open('pavel');
    await user.keyboard('{Alt>}[KeyD]{/Alt}');
    await waitFor(() => expect(screen.getByTestId('conversation').dataset['chatId']).toBe('q1'));
    const toast = await the('toast');
    expect(toast.textContent).toContain('Павел Небывалов: Диалог будет завершён');
    await user.click(within(toast).getByRole('button', { name: 'Отменить' }));
    await waitFor(() => expect(has('toast')).toBe(false));
    expect(backend.world.chats.get('pavel')).toMatchObject({ pending: null });
    expect(backend.world.chats.get('pavel')?.row.status).toBe('in_work');
  });

  it('keeps the words that were to go with it', async () => {
    const { open, the, user } = page();
    await open('pavel');
    await user.keyboard('{Alt>}[KeyT]{/Alt}');
    await user.type(await the('transfer-note'), 'Ждёт курьера');
    await user.type(await the('transfer-search'), 'иван{Enter}{Enter}');
    await user.click(await the('pending-undo'));
    await waitFor(() => expect(screen.queryByTestId('pending')).toBeNull());
    await user.keyboard('{Alt>}[KeyT]{/Alt}');
    expect(await the('transfer-note')).toHaveProperty('value', 'Ждёт курьера');
  });

  it('says that it was too late', async () => {
    const { open, the, user, backend } = page('pending-close');
    await open('marina');
    const undo = await the('pending-undo');
    backend.world.chats.get('marina')!.pending = null;
    await user.click(undo);
    expect((await the('toast')).textContent).toContain('Уже сделано');
  });
});

describe('a supervisor', () => {
  it('assigns a queued chat, or takes it', async () => {
    const { open, the, user, backend } = page('supervisor');
    await open('q1');
    await user.click(await the('menu'));
    await user.click(await the('menu-assign'));
    await user.click(await the('transfer-to-op-ivan'));
    await user.click(await the('transfer-submit'));
    expect(backend.world.chats.get('q1')?.row.owner_id).toBe('op-ivan');
    await open('q3');
    await user.click(await the('menu'));
    await user.click(await the('menu-take'));
    await waitFor(() => expect(row('q3').dataset['status']).toBe('in_work'));
  });
});

describe('the observers of a chat', () => {
  it('are set by a supervisor, all at once', async () => {
    const { open, the, has, user, backend } = page('supervisor');
    await open('q1');
    await user.click(await the('menu'));
    await user.click(await the('menu-observers'));
    expect(document.activeElement).toBe(await the('observers-search'));
    expect(await the('observers-submit')).toHaveProperty('disabled', true);
    expect(has('observers-to-op-gone')).toBe(false);
    await user.click(await the('observers-to-op-ivan'));
    await user.click(await the('observers-to-op-maria'));
    // Somebody calls a colleague meanwhile, who stays.
    const chat = backend.world.chats.get('q1')!;
    chat.row.observer_ids = ['op-artyom'];
    backend.tell({ event: 'timeline_changed', chat_id: 'q1' });
    const isMarked = async (who: string): Promise<string | null> =>
      (await the(`observers-to-${who}`)).getAttribute('aria-selected');
    await waitFor(async () => expect(await isMarked('op-artyom')).toBe('true'));
    await user.click(await the('observers-to-op-maria'));
    await user.click(await the('observers-submit'));
    expect(has('observers')).toBe(false);
    expect(chat.row.observer_ids).toEqual(['op-artyom', 'op-ivan']);
    await waitFor(() => expect(screen.getByText('Вы позвали в чат: Иван')).toBeTruthy());
  });

  it('are set by keyboard alone', async () => {
    const { open, the, has, user, backend } = page('supervisor');
    await open('q1');
    await user.click(await the('menu'));
    await user.click(await the('menu-observers'));
    await the('observers');
    await user.keyboard('иван{Enter}');
    expect(await the('observers-search')).toHaveProperty('value', '');
    expect((await the('observers-to-op-ivan')).getAttribute('aria-selected')).toBe('true');
    await user.keyboard('{ArrowDown}{ArrowDown}{Enter}{Enter}');
    expect(has('observers')).toBe(false);
    expect(backend.world.chats.get('q1')?.row.observer_ids).toEqual(['op-ivan', 'op-artyom']);
  });

  it('are no matter of an operator, nor is the owner one of them', async () => {
    const operator = page();
    await operator.open('marina');
    await operator.user.click(await operator.the('menu'));
    expect(operator.has('menu-transfer')).toBe(true);
    expect(operator.has('menu-observers')).toBe(false);
    cleanup();
    const { open, the, has, user } = page('supervisor');
    await open('marina');
    await user.click(await the('menu'));
    await user.click(await the('menu-observers'));
    await the('observers-to-op-ivan');
    expect(has('observers-to-op-anna')).toBe(false);
  });
});

describe('what was refused', () => {
  it.each([
    ['held-comment', 'сотрудника Марк Бывалый отключена. Комментарий не добавлен'],
    ['held-transfer', 'сотрудника Марк Бывалый отключена. Чат не передан.'],
    ['held-return_to_queue', 'Чат не вернулся в очередь.'],
    ['held-no_answer_needed', 'Клиент по-прежнему ждёт ответа.'],
    ['held-close', 'Диалог не завершён.'],
  ])('%s says why and what stands', async (fixture, words) => {
    const { open, the } = page(fixture);
    await open('marina');
    expect((await the('held')).textContent).toContain(words);
  });

  it('because the chat is closed is not sent again as it is', async () => {
    const { backend, the, user, has } = page('held-closed');
    await the('group-queued');
    backend.clickBanner('marina');
    await the('held');
    expect(await the('send')).toHaveProperty('disabled', true);
    await user.type(await the('composer'), '{Enter}');
    expect(has('echo')).toBe(false);
    expect(await the('composer')).toHaveProperty('value', expect.stringContaining('мастер'));
  });

  it('for want of a colleague lets another one be chosen', async () => {
    const { open, the, has, user, backend } = page('held-transfer');
    await open('marina');
    await user.click(await the('held-action-choose'));
    await the('transfer');
    expect(has('held')).toBe(true);
    await user.keyboard('иван{Enter}{Enter}');
    await the('pending');
    expect(has('held')).toBe(false);
    expect(backend.world.chats.get('marina')?.pending?.to).toBe('op-ivan');
  });

  it('for an observer who is gone lets them be set anew', async () => {
    const { open, the, has, user, backend } = page('held-set_observers');
    backend.world.session!.operator.role = 'supervisor';
    await open('marina');
    await user.click(await the('held-action-choose'));
    await user.keyboard('иван{Enter}{Enter}');
    await waitFor(() => expect(has('held')).toBe(false));
    expect(backend.world.chats.get('marina')?.row.observer_ids).toEqual(['op-ivan']);
  });

  it('is done knowingly', async () => {
    const { open, the, has, user, backend } = page('held-close');
    await open('marina');
    await user.click(await the('held-action-send_anyway'));
    await waitFor(() => expect(has('held')).toBe(false));
    expect(backend.world.chats.get('marina')?.row.status).toBe('closed');
  });
});

describe('the keyboard', () => {
  it('finds, opens, leaves and steps through chats', async () => {
    const { user, the, has } = page();
    await the('group-queued');
    await user.keyboard('{Control>}[KeyF]{/Control}');
    expect(document.activeElement).toBe(await the('filter'));
    await user.keyboard('небыв{Enter}');
    expect((await the('conversation')).dataset['chatId']).toBe('pavel');
    await waitFor(() => expect(document.activeElement).toBe(screen.getByTestId('composer')));
    await user.keyboard('{Alt>}{ArrowDown}{/Alt}');
    await waitFor(() => expect(screen.getByTestId('conversation').dataset['chatId']).toBe('olga'));
    await user.keyboard('{Escape}');
    await waitFor(() => expect(has('conversation')).toBe(false));
    await waitFor(() => expect(document.activeElement).toBe(row('olga')));
    await user.keyboard('{ArrowUp}{Enter}');
    expect((await the('conversation')).dataset['chatId']).toBe('pavel');
  });

  it('works by key, whatever the layout writes with it', async () => {
    const { user, the } = page();
    await the('group-queued');
    await user.keyboard('{Alt>}[KeyQ]{/Alt}');
    expect((await the('conversation')).dataset['chatId']).toBe('q1');
  });

  it('shows its shortcuts on "?", but not while one writes', async () => {
    const { user, the, has, open } = page();
    await the('group-queued');
    await open('pavel');
    await user.type(await the('composer'), 'Да?');
    expect(has('shortcuts')).toBe(false);
    screen.getByTestId<HTMLTextAreaElement>('composer').blur();
    await user.keyboard('?');
    await the('shortcuts');
  });
});

describe('signing in', () => {
  it('proposes what was used last and says in plain words what is wrong', async () => {
    const { the, user } = page('sign-in');
    const login = await the('sign-in-login');
    await waitFor(() => expect(login).toHaveProperty('value', 'anna'));
    await user.click(await the('sign-in-submit'));
    expect(screen.getByText('Заполните это поле')).toBeTruthy();
    await user.type(await the('sign-in-password'), 'wrong{Enter}');
    expect((await the('sign-in-error')).textContent).toContain('Неверный логин или пароль.');
    // The focus is there and what was typed is chosen, so that it is simply typed again.
    await user.keyboard('right{Enter}');
    await the('group-queued');
  });

  it('refuses plain http with the reason', async () => {
    const { the, user } = page('first-sign-in');
    await user.type(await the('sign-in-address'), 'http://pult.example.ru');
    await user.type(await the('sign-in-login'), 'anna');
    await user.type(await the('sign-in-password'), 'secret{Enter}');
    expect((await the('sign-in-error')).textContent).toContain('https://');
  });

  it('is asked for with the reason when the session was ended by somebody else', async () => {
    const { the, user, has, backend } = page();
    await the('group-queued');
    backend.endSession();
    expect((await the('sign-in-ended')).textContent).toContain('Сеанс завершён');
    await user.type(await the('sign-in-password'), 'wrong{Enter}');
    await the('sign-in-error');
    expect(has('sign-in-ended')).toBe(false);
  });

  it('out asks before unsent text is erased', async () => {
    const { the, user, has } = page();
    await user.click(await the('settings'));
    await user.click(await the('settings-sign-out'));
    await the('sign-out-unsent');
    await user.click(await the('sign-out-force'));
    await the('sign-in-submit');
    expect(has('sign-in-ended')).toBe(false);
  });
});

describe('the connection', () => {
  it.each([
    ['usual', 'live', null],
    ['offline', 'offline', 'всё написанное уйдёт само'],
    ['catching-up', 'catching_up', 'Догоняем: 240 изменений'],
    ['refused', 'refused', 'Эта версия Pult устарела'],
  ])('%s is always to be seen', async (fixture, state, words) => {
    const { the, has } = page(fixture);
    expect((await the('connection')).dataset['state']).toBe(state);
    if (words === null) expect(has('connection-bar')).toBe(false);
    else expect((await the('connection-bar')).textContent).toContain(words);
  });
});

/** A notification of a chat. */
function notificationOf(chatId: string, facts: Partial<Notification>): Notification {
  return {
    what: 'new_in_queue',
    key: { about: 'chat', chat_id: chatId },
    chat_id: chatId,
    place: 1,
    title: 'Тимур',
    text: 'Добрый день',
    placeholder: null,
    n: 1,
    minutes: 0,
    banner: true,
    sound: false,
    ...facts,
  };
}
