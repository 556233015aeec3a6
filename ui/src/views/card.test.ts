import { screen, waitFor } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';

import type { ClientCard } from '../api/generated/ClientCard';
import { page, type Page } from '../test/page';

/** The page with the card of Marina. */
async function withCard(fixture = 'card'): Promise<Page> {
  const opened = page(fixture);
  await opened.open('marina');
  await opened.user.keyboard('{Alt>}[KeyC]{/Alt}');
  await opened.the('card');
  return opened;
}

function client({ backend }: Page): ClientCard {
  return backend.world.chats.get('marina')!.row.client;
}

/** A colleague changes what is known of her. */
function change({ backend }: Page, changes: Partial<ClientCard>): void {
  const chat = backend.world.chats.get('marina')!;
  chat.row.client = { ...chat.row.client, ...changes };
  backend.tell({ event: 'timeline_changed', chat_id: 'marina' });
  backend.tell({ event: 'overview_changed' });
}

function note(): HTMLTextAreaElement {
  return screen.getByTestId<HTMLTextAreaElement>('card-note');
}

describe("the client's card", () => {
  it('shows names, note, number, contacts and earlier talks', async () => {
    const { the } = await withCard();
    expect((await the('card-name')).textContent).toBe('Марина Выдумкина, «Белый дом»');
    expect((await the('card-own-name')).textContent).toContain('В WhatsApp: 🌸 marina 🌸');
    expect(note().value).toContain('Постоянная, скидка 5 %.');
    expect((await the('card')).textContent).toContain('Видят только сотрудники');
    expect((await the('card-n-talks')).textContent).toBe('6');
    await the('card-first-contact');
    const talks = [...(await the('card-talks')).querySelectorAll('li')];
    expect(talks.map((talk) => talk.textContent?.replace(/\s+/gu, ' ').trim())).toEqual([
      expect.stringMatching(/^вчера|сегодня Анна Образцова$/u),
      expect.stringMatching(/Мария Примерова$/u),
      expect.stringMatching(/Программа$/u),
      expect.stringMatching(/Иван$/u),
      expect.stringMatching(/Анна Образцова$/u),
    ]);
  });

  it('without a connection shows what the chat has', async () => {
    const { the, has, backend } = await withCard('card-offline');
    expect((await the('card-failed')).textContent).toContain('когда появится связь');
    expect((await the('card-name')).textContent).toContain('Марина');
    expect(note().value).toContain('Постоянная');
    await the('card-last-contact');
    backend.world.connection = { state: 'live' };
    backend.tell({ event: 'overview_changed' });
    await the('card-talks');
    expect(has('card-failed')).toBe(false);
  });

  it('gives the client another name, by Enter', async () => {
    const shown = await withCard();
    const { the, user } = shown;
    await user.click(await the('card-name-edit'));
    const field = await the('card-name-field');
    expect(document.activeElement).toBe(field);
    await user.clear(field);
    await user.type(field, 'Марина, оптовик{Enter}');
    await waitFor(() => expect(client(shown).name).toBe('Марина, оптовик'));
    expect((await the('card-name')).textContent).toBe('Марина, оптовик');
    expect(document.activeElement).toBe(await the('card-name-edit'));
    await waitFor(async () =>
      expect((await the('conversation-title')).textContent).toBe('Марина, оптовик'),
    );
  });

  it('gives the own name back when the field is emptied, or by a button', async () => {
    const shown = await withCard();
    const { the, user, has } = shown;
    await user.click(await the('card-name-edit'));
    await user.clear(await the('card-name-field'));
    await user.keyboard('{Enter}');
    await waitFor(() => expect(client(shown).name).toBe('🌸 marina 🌸'));
    await waitFor(() => expect(has('card-own-name')).toBe(false));
    change(shown, { name: 'Марина' });
    await user.click(await the('card-own-name-back'));
    await waitFor(() => expect(client(shown).name).toBe('🌸 marina 🌸'));
  });

  it('lets a name be as it was, by Esc', async () => {
    const shown = await withCard();
    const { the, user } = shown;
    await user.click(await the('card-name-edit'));
    await user.type(await the('card-name-field'), ' и ещё');
    await user.keyboard('{Escape}');
    expect((await the('card-name')).textContent).toBe('Марина Выдумкина, «Белый дом»');
    expect(client(shown).name).toBe('Марина Выдумкина, «Белый дом»');
    // The chat is still there: Esc was for the field.
    await the('conversation');
  });

  it('keeps the note when the field is left, and on Ctrl+Enter', async () => {
    const shown = await withCard();
    const { user } = shown;
    await user.click(note());
    await user.type(note(), ' Любит дуб.');
    expect(client(shown).note).not.toContain('дуб');
    await user.tab();
    await waitFor(() => expect(client(shown).note).toContain('Любит дуб.'));
    await user.type(note(), ' И ясень.{Control>}{Enter}{/Control}');
    await waitFor(() => expect(client(shown).note).toContain('И ясень.'));
    expect(document.activeElement).toBe(note());
  });

  it('keeps the note when another chat is opened', async () => {
    const shown = await withCard();
    await shown.user.type(note(), ' Ждёт звонка.');
    await shown.user.keyboard('{Alt>}[KeyQ]{/Alt}');
    await waitFor(() => expect(client(shown).note).toContain('Ждёт звонка.'));
  });

  it('keeps the note of a chat that is being closed, and takes none when it is', async () => {
    const shown = await withCard();
    const { user, backend } = shown;
    await user.type(note(), ' Перезвонить.');
    await user.keyboard('{Alt>}[KeyE]{/Alt}');
    await waitFor(() => expect(client(shown).note).toContain('Перезвонить.'));
    // The close can still be taken back.
    expect(backend.world.chats.get('marina')?.pending?.action).toBe('close');
    backend.settle('marina');
    await waitFor(() => expect(note().readOnly).toBe(true));
    expect(backend.world.chats.get('marina')?.row.status).toBe('closed');
  });

  it('never overwrites what is being typed, and asks whose is to stay', async () => {
    const shown = await withCard();
    const { the, user, has } = shown;
    await user.clear(note());
    await user.type(note(), 'Моё');
    change(shown, { note: 'Чужое' });
    expect((await the('card-theirs')).textContent).toContain('«Чужое»');
    expect(note().value).toBe('Моё');
    // Leaving the field decides nothing.
    await user.click(await the('conversation-title'));
    expect(client(shown).note).toBe('Чужое');
    await user.click(await the('card-keep-mine'));
    await waitFor(() => expect(client(shown).note).toBe('Моё'));
    await waitFor(() => expect(has('card-theirs')).toBe(false));

    await user.type(note(), ' второе');
    change(shown, { note: '' });
    expect((await the('card-theirs')).textContent).toContain('удалил');
    await user.click(await the('card-take-theirs'));
    expect(note().value).toBe('');
    expect(client(shown).note).toBe('');
  });

  it('says that what was refused is not saved, and keeps it in the field', async () => {
    const shown = await withCard();
    const { user, the, backend } = shown;
    backend.refuseNext = {
      problem: { code: 'not_allowed', message: '', details: {} },
      ownerId: null,
    };
    await user.type(note(), ' Отказ.');
    await user.tab();
    await waitFor(async () => expect((await the('card')).textContent).toContain('Не сохранено'));
    expect(note().value).toContain('Отказ.');
  });
});
