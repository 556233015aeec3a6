import { describe, expect, it } from 'vitest';

import type { ChatSummary } from '../api/generated/ChatSummary';
import type { EntryBody } from '../api/generated/EntryBody';
import type { EntryRow } from '../api/generated/EntryRow';
import type { Overview } from '../api/generated/Overview';
import { Announcer, type OpenChat } from './announcer.svelte';

const NAMES = { me: 'me', operator: (): string => 'Иван', program: (): string => '1С' };
const CLIENT = { id: 'c', name: 'Ольга Выдумкина', phone: '' } as unknown as OpenChat['client'];

function entry(place: number, body: Partial<EntryBody>, about: Partial<EntryRow> = {}): EntryRow {
  return {
    place,
    author_id: null,
    integration_id: null,
    body: { kind: 'inbound', text: `№ ${String(place)}`, ...body },
    ...about,
  } as EntryRow;
}

function sent(place: number, state: string, author_id = 'me'): EntryRow {
  const delivery = { state, failure: null, failure_details: null };
  return entry(place, { kind: 'outbound', text: 'Доставим', delivery } as Partial<EntryBody>, {
    author_id,
  });
}

class Ear {
  readonly announcer = new Announcer(NAMES);

  chat(entries: EntryRow[], { chatId = 'a', isCurrent = true } = {}): void {
    this.announcer.hearChat({ chatId, client: CLIENT, entries, isCurrent });
  }

  queue(...ids: string[]): void {
    const queued = ids.map((id) => ({ chat: { id, client: { ...CLIENT, id } } }) as ChatSummary);
    this.announcer.hearQueue({ session: {} as Overview['session'], queued }, 'open');
  }

  get polite(): string[] {
    return this.announcer.polite.map(({ text }) => text);
  }

  get urgent(): string[] {
    return this.announcer.urgent.map(({ text }) => text);
  }
}

describe('what is told of the open chat', () => {
  it('is what comes after it was read, once', () => {
    const ear = new Ear();
    ear.chat([entry(1, {})], { isCurrent: false });
    ear.chat([entry(1, {}), entry(2, {})]);
    expect(ear.polite).toEqual([]);
    const all = [entry(1, {}), entry(2, {}), entry(3, {})];
    ear.chat(all);
    ear.chat([...all]);
    expect(ear.polite).toEqual(['Ольга Выдумкина: № 3']);
    // An older stretch that is read is nothing new.
    ear.chat([entry(0, {}), ...all]);
    expect(ear.polite).toHaveLength(1);
  });

  it('says who has written what, in short, and the same words twice if they came twice', () => {
    const ear = new Ear();
    ear.chat([entry(1, {})]);
    const same = [entry(2, { text: 'ок' }), entry(3, { text: 'ок' })];
    ear.chat([entry(1, {}), ...same]);
    expect(ear.polite).toEqual(['Ольга Выдумкина: ок', 'Ольга Выдумкина: ок']);
    ear.chat([entry(4, { text: 'о'.repeat(500) })]);
    expect(ear.polite.at(-1)).toHaveLength('Ольга Выдумкина: '.length + 201);
    ear.chat([
      entry(5, { kind: 'comment', text: 'Помоги', mentions: [] }, { author_id: 'ivan' }),
      entry(6, { kind: 'inbound_placeholder', placeholder: 'image', caption: null }),
    ]);
    expect(ear.polite.slice(-2)).toEqual([
      'Скрытый комментарий, Иван: Помоги',
      'Ольга Выдумкина: Фотография',
    ]);
  });

  it('is never what one has written oneself, nor what happened by itself', () => {
    const ear = new Ear();
    ear.chat([entry(1, {})]);
    ear.chat([
      sent(2, 'sent'),
      entry(3, { kind: 'comment', text: 'x', mentions: [] }, { author_id: 'me' }),
      { ...sent(4, 'sent', 'nobody'), author_id: null, automatic: 'greeting' },
      entry(5, { kind: 'notice' }),
    ]);
    expect(ear.polite).toEqual([]);
  });

  it('is a number where many come at once', () => {
    const ear = new Ear();
    ear.chat([]);
    ear.chat([1, 2, 3, 4, 5].map((place) => entry(place, {})));
    expect(ear.polite).toEqual(['5 новых сообщений']);
  });

  it('begins anew with another chat', () => {
    const ear = new Ear();
    ear.chat([entry(1, {})]);
    ear.chat([entry(7, {})], { chatId: 'b' });
    expect(ear.polite).toEqual([]);
    ear.chat([entry(7, {}), entry(8, {})], { chatId: 'b' });
    expect(ear.polite).toEqual(['Ольга Выдумкина: № 8']);
  });

  it('says at once that something of mine did not arrive, once', () => {
    const ear = new Ear();
    ear.chat([sent(1, 'failed'), sent(2, 'sent'), sent(3, 'sent', 'ivan')]);
    expect(ear.urgent).toEqual([]);
    ear.chat([sent(1, 'failed'), sent(2, 'failed'), sent(3, 'failed', 'ivan')]);
    ear.chat([sent(1, 'failed'), sent(2, 'failed'), sent(3, 'failed', 'ivan')]);
    expect(ear.urgent).toHaveLength(1);
    expect(ear.urgent[0]).toContain('Не доставлено: «Доставим»');
  });
});

describe('what is told of the queue', () => {
  it('is who comes into it, not who stands in it', () => {
    const ear = new Ear();
    ear.queue('a');
    ear.queue('a', 'b');
    ear.queue('a', 'b');
    expect(ear.polite).toEqual(['Новый чат в очереди: Ольга Выдумкина']);
    ear.queue('b', 'c', 'd', 'open');
    expect(ear.polite.at(-1)).toBe('В очереди 2 новых чата');
  });

  it('is nothing of the chat that is open', () => {
    const ear = new Ear();
    ear.queue();
    ear.queue('open');
    expect(ear.polite).toEqual([]);
  });
});
