import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { FIXTURES } from '../api/fixtures';
import type { Problem } from '../api/generated/Problem';
import { MemoryBackend } from '../api/memory';
import { TimelineState } from './timeline.svelte';

const TAKEN: Problem = { code: 'chat_taken', message: '', details: {} };

let backend: MemoryBackend;

beforeEach(() => {
  vi.useFakeTimers();
  backend = new MemoryBackend(FIXTURES.usual(Date.now()));
});

afterEach(() => {
  vi.useRealTimers();
});

async function opened(chatId: string): Promise<TimelineState> {
  const timeline = new TimelineState(backend, chatId);
  await timeline.refresh();
  // As the panel notes it.
  timeline.isCurrent = true;
  return timeline;
}

/** The draft as the panel has it. */
function kept(chatId: string): string | undefined {
  return backend.world.chats.get(chatId)?.draft;
}

describe('a reply', () => {
  it('empties the composer at once, is an echo, then one entry', async () => {
    const timeline = await opened('pavel');
    const n = timeline.entries.length;
    timeline.write('Едем');
    await timeline.send();
    expect(timeline.draft).toBe('');
    expect(timeline.echoes.map((echo) => echo.text)).toEqual(['Едем']);

    backend.settle('pavel');
    await timeline.refresh();
    expect(timeline.echoes).toEqual([]);
    expect(timeline.entries).toHaveLength(n + 1);
    expect(timeline.entries.at(-1)?.command_id).toBe('command-1');
  });

  it('that is blank is not sent', async () => {
    const timeline = await opened('pavel');
    timeline.write('  \n ');
    await timeline.send();
    expect(timeline.echoes).toEqual([]);
  });

  it('that could not be kept is back in the composer, before what was typed since', async () => {
    const timeline = await opened('pavel');
    timeline.write('Первое');
    await timeline.flushDraft();
    backend.failNext = 'storage';
    const sending = timeline.send();
    timeline.write('Второе');
    await expect(sending).rejects.toMatchObject({ code: 'storage' });
    expect(timeline.draft).toBe('Первое\nВторое');
  });

  it('that was refused keeps its text as the draft', async () => {
    const timeline = await opened('q1');
    timeline.write('До девяти');
    await timeline.send();
    backend.refuseNext = { problem: TAKEN, ownerId: 'op-ivan' };
    backend.settle('q1');
    await timeline.refresh();
    expect(timeline.held?.problem.code).toBe('chat_taken');
    expect(timeline.draft).toBe('До девяти');
    expect(timeline.echoes).toEqual([]);
  });

  it('that was refused does not overwrite what is being typed, nor is it lost', async () => {
    const timeline = await opened('q1');
    timeline.write('Первое');
    await timeline.send();
    timeline.write('Второе');
    backend.refuseNext = { problem: TAKEN, ownerId: 'op-ivan' };
    backend.settle('q1');
    await timeline.refresh();
    expect(timeline.draft).toBe('Первое\nВторое');
    await timeline.flushDraft();
    await timeline.refresh();
    expect(timeline.draft).toBe('Первое\nВторое');
    expect(kept('q1')).toBe('Первое\nВторое');
  });

  it('that was refused after the next one was kept stands above it once', async () => {
    const timeline = await opened('q1');
    timeline.write('Первое');
    await timeline.send();
    timeline.write('Второе');
    await timeline.flushDraft();
    timeline.write('Второе, длиннее');
    backend.refuseNext = { problem: TAKEN, ownerId: null };
    backend.settle('q1');
    await timeline.refresh();
    expect(timeline.draft).toBe('Первое\nВторое, длиннее');
  });

  it('that was refused unseen is not ended by what is sent meanwhile', async () => {
    const timeline = await opened('q1');
    timeline.write('Первое');
    await timeline.send();
    timeline.write('Второе');
    await timeline.flushDraft();
    backend.refuseNext = { problem: TAKEN, ownerId: null };
    // The key is pressed, and only then does the page hear what came back.
    backend.settle('q1');
    await timeline.send();
    expect(timeline.held?.command_id).toBe('command-1');
    expect(timeline.draft).toContain('Первое');
  });

  it('can be fetched back while it waits', async () => {
    const timeline = await opened('pavel');
    timeline.write('Не то');
    await timeline.send();
    expect(await timeline.takeBack('command-1')).toBe(true);
    expect(timeline.draft).toBe('Не то');
    expect(timeline.echoes).toEqual([]);
    expect(await timeline.takeBack('command-1')).toBe(false);
  });
});

describe('a held reply', () => {
  async function refused(): Promise<TimelineState> {
    const timeline = await opened('q1');
    timeline.write('До девяти');
    await timeline.send();
    const problem: Problem = { code: 'newer_message', message: '', details: {} };
    backend.refuseNext = { problem, ownerId: null };
    backend.settle('q1');
    await timeline.refresh();
    return timeline;
  }

  it('goes again with the text as it now stands', async () => {
    const timeline = await refused();
    timeline.write('До десяти');
    await timeline.sendAnyway(timeline.held?.command_id ?? '');
    expect(timeline.held).toBeNull();
    expect(timeline.echoes.map((echo) => echo.text)).toEqual(['До десяти']);
    expect(timeline.draft).toBe('');
  });

  it('can be let go with its text or without', async () => {
    const timeline = await refused();
    await timeline.dismissHeld(timeline.held?.command_id ?? '');
    expect(timeline.held).toBeNull();
    expect(timeline.draft).toBe('До девяти');

    backend = new MemoryBackend(FIXTURES.usual(Date.now()));
    const other = await refused();
    await other.discardHeld(other.held?.command_id ?? '');
    expect(other.held).toBeNull();
    expect(other.draft).toBe('');
    expect(kept('q1')).toBe('');
  });
});

describe('a draft', () => {
  it('is kept with every key, without a pause', async () => {
    const timeline = await opened('pavel');
    timeline.write('К');
    await vi.advanceTimersByTimeAsync(0);
    expect(kept('pavel')).toBe('К');
    timeline.write('Ку');
    await vi.advanceTimersByTimeAsync(0);
    expect(kept('pavel')).toBe('Ку');
  });

  it('goes one at a time, with all that was typed while one was on its way', async () => {
    const timeline = await opened('pavel');
    const given: string[] = [];
    let arrive = (): void => undefined;
    vi.spyOn(backend, 'setDraft').mockImplementation(async (_, __, text) => {
      given.push(text);
      await new Promise<void>((resolve) => (arrive = resolve));
    });
    for (const text of ['К', 'Ку', 'Кур', 'Курьер']) {
      timeline.write(text);
      await vi.advanceTimersByTimeAsync(0);
    }
    expect(given).toEqual(['К']);
    arrive();
    await vi.advanceTimersByTimeAsync(0);
    expect(given).toEqual(['К', 'Курьер']);
    arrive();
    await vi.advanceTimersByTimeAsync(0);
    expect(given).toEqual(['К', 'Курьер']);
  });

  it('is kept at once when the chat is left', async () => {
    const timeline = await opened('pavel');
    timeline.write('Курьер');
    await timeline.flushDraft();
    expect(kept('pavel')).toBe('Курьер');
  });

  it('is not undone by a change that comes while it is typed', async () => {
    const timeline = await opened('olga');
    timeline.write('Ольга, передумала');
    backend.clientWrites('olga', 'Ау');
    await timeline.refresh();
    expect(timeline.draft).toBe('Ольга, передумала');
  });

  it('is not undone by an answer that is older than what is on its way', async () => {
    const timeline = await opened('olga');
    let keep = (): void => undefined;
    const setDraft = backend.setDraft.bind(backend);
    vi.spyOn(backend, 'setDraft').mockImplementation(async (...draft) => {
      await new Promise<void>((resolve) => (keep = resolve));
      await setDraft(...draft);
    });
    timeline.write('Ольга, передумала');
    const flushed = timeline.flushDraft();
    await vi.advanceTimersByTimeAsync(0);
    await timeline.refresh();
    expect(timeline.draft).toBe('Ольга, передумала');
    keep();
    await flushed;
    expect(kept('olga')).toBe('Ольга, передумала');
  });

  it.each([
    ['was sent', (timeline: TimelineState) => timeline.send()],
    ['was deleted', async (timeline: TimelineState) => timeline.write('')],
  ])('that %s is not put back by an answer that is older', async (_, end) => {
    const timeline = await opened('pavel');
    timeline.setFocus(true);
    timeline.write('Курьер едет');
    await timeline.flushDraft();
    const read = backend.timeline.bind(backend);
    let answer = (): void => undefined;
    vi.spyOn(backend, 'timeline').mockImplementationOnce(async (...asked) => {
      const old = structuredClone(await read(...asked));
      await new Promise<void>((resolve) => (answer = resolve));
      return old;
    });
    const refreshed = timeline.refresh();
    await vi.advanceTimersByTimeAsync(0);
    const ended = end(timeline);
    await vi.advanceTimersByTimeAsync(0);
    answer();
    await Promise.all([refreshed, ended]);
    expect(timeline.draft).toBe('');
    expect(kept('pavel')).toBe('');
  });

  it('that could not be kept is known to be nowhere else', async () => {
    const timeline = await opened('pavel');
    timeline.write('К');
    backend.failNext = 'storage';
    await timeline.flushDraft();
    expect(timeline.isUnkept).toBe(true);
    await timeline.flushDraft();
    expect(timeline.isUnkept).toBe(false);
  });

  it('that could not be kept is tried again with the next key', async () => {
    const timeline = await opened('pavel');
    timeline.write('К');
    backend.failNext = 'storage';
    await timeline.flushDraft();
    expect(timeline.draft).toBe('К');
    timeline.write('Ку');
    await timeline.flushDraft();
    expect(kept('pavel')).toBe('Ку');
  });
});

describe('a comment', () => {
  const NAMES: Record<string, string> = { 'op-ivan': 'Иван', 'op-maria': 'Мария Примерова' };

  async function openedByName(chatId: string): Promise<TimelineState> {
    const timeline = new TimelineState(backend, chatId, (id) => NAMES[id] ?? id);
    await timeline.refresh();
    return timeline;
  }

  it('has a text of its own, and the reply is there again when the eye is opened', async () => {
    const timeline = await openedByName('olga');
    const reply = timeline.draft;
    timeline.setMode('comment');
    expect(timeline.draft).toBe('');
    timeline.write('Проверьте сумму');
    timeline.setMode('reply');
    expect(timeline.draft).toBe(reply);
    await timeline.flushDraft();
    expect(backend.world.chats.get('olga')).toMatchObject({
      draft: reply,
      comment: { text: 'Проверьте сумму' },
      mode: 'reply',
    });
  });

  it('is what the composer stands in when the chat is opened again', async () => {
    const timeline = await openedByName('olga');
    timeline.setMode('comment');
    await timeline.flushDraft();
    const again = await openedByName('olga');
    expect(again.mode).toBe('comment');
    expect(again.draft).toBe('');
    expect(again.draftOf('reply')).toMatch(/^Ольга/u);
  });

  it('is sent as a comment, with those whose names still stand in it', async () => {
    const timeline = await openedByName('pavel');
    const sent = vi.spyOn(backend, 'comment');
    timeline.setMode('comment');
    timeline.call('op-ivan', '@Иван ');
    timeline.call('op-maria', '@Иван @Мария Примерова ');
    timeline.write('@Мария Примерова посмотри');
    await timeline.send();
    expect(sent.mock.calls).toEqual([
      ['pavel', '@Мария Примерова посмотри', ['op-maria'], expect.anything()],
    ]);
    expect(timeline.mode).toBe('comment');
    expect(timeline.draft).toBe('');
    expect(timeline.mentions).toEqual([]);
    expect(timeline.echoes).toMatchObject([{ mode: 'comment' }]);

    backend.settle('pavel');
    await timeline.refresh();
    expect(timeline.chat?.chat.observer_ids).toEqual(['op-maria']);
    expect(timeline.chat?.chat.owner_id).toBe('op-anna');
  });

  it('takes the reply in when a colleague is called in it, below what stood there', async () => {
    const timeline = await openedByName('olga');
    timeline.setMode('comment');
    timeline.write('Начато');
    timeline.setMode('reply');
    timeline.call('op-ivan', 'Ольга, @Иван ');
    expect(timeline.mode).toBe('comment');
    expect(timeline.draft).toBe('Начато\nОльга, @Иван ');
    expect(timeline.draftOf('reply')).toBe('');
    await timeline.flushDraft();
    expect(backend.world.chats.get('olga')).toMatchObject({
      draft: '',
      comment: { text: 'Начато\nОльга, @Иван ', mentions: ['op-ivan'] },
      mode: 'comment',
    });
  });

  it('moves from the reply without ever being kept in neither', async () => {
    const timeline = await openedByName('olga');
    const kept: string[] = [];
    vi.spyOn(backend, 'setDraft').mockImplementation(async (_, mode, text) => {
      kept.push(`${mode}: ${text}`);
    });
    timeline.call('op-ivan', '@Иван ');
    await timeline.flushDraft();
    expect(kept).toEqual(['comment: @Иван ', 'reply: ', 'comment: @Иван ']);
  });

  it('is never turned into a reply by a reply that comes back', async () => {
    const timeline = await openedByName('q1');
    timeline.write('До девяти');
    await timeline.send();
    timeline.setMode('comment');
    timeline.write('Грубит второй раз');
    backend.refuseNext = { problem: TAKEN, ownerId: null };
    backend.settle('q1');
    await timeline.refresh();
    expect(timeline.mode).toBe('comment');
    expect(timeline.draft).toBe('Грубит второй раз');
    expect(timeline.draftOf('reply')).toBe('До девяти');
    expect(timeline.held?.action).toBe('reply');

    await timeline.editHeld('command-1');
    expect(timeline.mode).toBe('reply');
    expect(timeline.draft).toBe('До девяти');
    expect(timeline.draftOf('comment')).toBe('Грубит второй раз');
  });

  it('that was refused stands above the next one, with all whom it called', async () => {
    const timeline = await openedByName('pavel');
    timeline.call('op-ivan', '@Иван раз');
    await timeline.send();
    timeline.call('op-maria', '@Мария Примерова два');
    backend.refuseNext = { problem: TAKEN, ownerId: null };
    backend.settle('pavel');
    await timeline.refresh();
    expect(timeline.draft).toBe('@Иван раз\n@Мария Примерова два');
    expect([...timeline.mentions].sort()).toEqual(['op-ivan', 'op-maria']);
    expect(timeline.draftOf('reply')).toBe('');
  });

  it('that was refused turns an empty composer to it', async () => {
    const timeline = await openedByName('pavel');
    timeline.setMode('comment');
    timeline.write('Раз');
    await timeline.send();
    timeline.setMode('reply');
    await timeline.flushDraft();
    backend.refuseNext = { problem: TAKEN, ownerId: null };
    backend.settle('pavel');
    await timeline.refresh();
    expect(timeline.mode).toBe('comment');
    expect(timeline.draft).toBe('Раз');
    expect(timeline.draftOf('reply')).toBe('');
  });

  it('that is taken back is a comment again', async () => {
    const timeline = await openedByName('pavel');
    timeline.setMode('comment');
    timeline.write('Не то');
    await timeline.send();
    timeline.setMode('reply');
    timeline.write('Курьер');
    expect(await timeline.takeBack('command-1')).toBe(true);
    expect(timeline.mode).toBe('comment');
    expect(timeline.draft).toBe('Не то');
    expect(timeline.draftOf('reply')).toBe('Курьер');
  });

  it('that is held goes again as a comment, whatever the composer stands in', async () => {
    const timeline = await openedByName('pavel');
    timeline.setMode('comment');
    timeline.write('Раз');
    await timeline.send();
    backend.refuseNext = { problem: TAKEN, ownerId: null };
    backend.settle('pavel');
    await timeline.refresh();
    timeline.setMode('reply');
    timeline.write('Курьер');
    await timeline.sendAnyway('command-1');
    expect(timeline.echoes).toMatchObject([{ mode: 'comment', text: 'Раз' }]);
    expect(timeline.draftOf('comment')).toBe('');
    expect(timeline.draftOf('reply')).toBe('Курьер');
  });

  it('on its way to the panel is not taken for text that came back', async () => {
    const timeline = await openedByName('pavel');
    timeline.write('Первое');
    await timeline.send();
    timeline.setMode('comment');
    await timeline.flushDraft();
    timeline.write('Комментарий');
    let arrive = (): void => undefined;
    const setDraft = backend.setDraft.bind(backend);
    vi.spyOn(backend, 'setDraft').mockImplementation(async (...draft) => {
      await setDraft(...draft);
      await new Promise<void>((resolve) => (arrive = resolve));
    });
    const flushed = timeline.flushDraft();
    await vi.advanceTimersByTimeAsync(0);
    timeline.write('Комментарий длиннее');
    backend.refuseNext = { problem: TAKEN, ownerId: null };
    backend.settle('pavel');
    await timeline.refresh();
    expect(timeline.draft).toBe('Комментарий длиннее');
    expect(timeline.draftOf('reply')).toBe('Первое');
    arrive();
    await flushed;
  });
});

describe('what is written below a reply', () => {
  it('is for the client, so the composer turns to the reply', async () => {
    const timeline = await opened('pavel');
    timeline.setMode('comment');
    timeline.write('Не для клиента');
    timeline.addToReply('Снова');
    expect(timeline.mode).toBe('reply');
    expect(timeline.draft).toBe('Снова');
    expect(timeline.draftOf('comment')).toBe('Не для клиента');
  });
});

describe('a history', () => {
  it('is read in pages, without holes and doubles', async () => {
    backend = new MemoryBackend(FIXTURES['long-history']!(Date.now()));
    const timeline = await opened('long');
    while (timeline.hasOlder) await timeline.loadOlder();
    const places = timeline.entries.map((entry) => entry.place);
    expect(places).toEqual(Array.from({ length: 3000 }, (_, index) => index + 1));
  });

  it('keeps what was paged in when something new comes', async () => {
    backend = new MemoryBackend(FIXTURES['long-history']!(Date.now()));
    const timeline = await opened('long');
    for (let page = 0; page < 6; page += 1) await timeline.loadOlder();
    const first = timeline.entries[0]?.place;
    backend.clientWrites('long', 'Ещё одно');
    await timeline.refresh();
    expect(timeline.entries[0]?.place).toBe(first);
    expect(timeline.entries.at(-1)?.place).toBe(3001);
    expect(timeline.hasOlder).toBe(true);
  });

  it('is opened with what is held, and read again no shorter than it stands here', async () => {
    backend = new MemoryBackend(FIXTURES['long-history']!(Date.now()));
    const read = vi.spyOn(backend, 'timeline');
    const timeline = await opened('long');
    await timeline.loadOlder();
    await timeline.refresh();
    expect(read.mock.calls).toEqual([
      ['long', null, 80, 1],
      ['long', 2921, 80, 1],
      ['long', null, 161, 160],
    ]);
  });

  it('of which nothing is held and nothing comes is asked for again', async () => {
    backend = new MemoryBackend(FIXTURES['long-history']!(Date.now()));
    const read = backend.timeline.bind(backend);
    let isThere = false;
    vi.spyOn(backend, 'timeline').mockImplementation(async (...asked) => {
      const answer = await read(...asked);
      return isThere ? answer : { ...answer, entries: [], has_older: true };
    });
    const timeline = await opened('long');
    expect(timeline.isOlderStuck).toBe(true);
    isThere = true;
    await timeline.loadOlder();
    expect(timeline.isOlderStuck).toBe(false);
    expect(timeline.entries).toHaveLength(80);
  });

  it('says when older entries need a connection', async () => {
    backend = new MemoryBackend(FIXTURES['long-history-offline']!(Date.now()));
    const timeline = await opened('long');
    while (timeline.hasOlder && !timeline.olderNeedsConnection) await timeline.loadOlder();
    expect(timeline.entries).toHaveLength(100);
    expect(timeline.olderNeedsConnection).toBe(true);
    // Nothing is drawn anew for nothing, which would ask again at once.
    const { entries } = timeline;
    await timeline.loadOlder();
    expect(timeline.entries).toBe(entries);
    expect(timeline.isOlderStuck).toBe(true);
    await timeline.refresh();
    expect(timeline.isOlderStuck).toBe(false);
  });

  it('has the "new" line where reading stopped, and it stays while one reads', async () => {
    const timeline = await opened('marina');
    expect(timeline.newAfter).toBe(12);
    expect(timeline.nNew).toBe(2);
    timeline.look(14, true);
    await timeline.refresh();
    expect(timeline.newAfter).toBe(12);
    expect(timeline.nNew).toBe(0);
    timeline.resetNewLine();
    expect(timeline.newAfter).toBeNull();
  });

  it('is marked as read only forwards', async () => {
    const timeline = await opened('marina');
    const markRead = vi.spyOn(backend, 'markRead');
    timeline.look(14, true);
    timeline.look(13, true);
    timeline.look(14, true);
    expect(markRead.mock.calls).toEqual([['marina', 14]]);
  });

  it('counts as read only when one has come to its end', async () => {
    const timeline = await opened('marina');
    const markRead = vi.spyOn(backend, 'markRead');
    timeline.look(13, false);
    expect(timeline.nNew).toBe(1);
    expect(markRead).not.toHaveBeenCalled();
    timeline.look(14, true);
    expect(timeline.nNew).toBe(0);
    expect(markRead.mock.calls).toEqual([['marina', 14]]);
  });

  it('that was read on another device has nothing new here either', async () => {
    const timeline = await opened('marina');
    expect(timeline.newAfter).toBe(12);
    await backend.markRead('marina', 13);
    await timeline.refresh();
    expect(timeline.nNew).toBe(1);
    expect(timeline.newAfter).toBe(13);
    await backend.markRead('marina', 14);
    await timeline.refresh();
    expect(timeline.nNew).toBe(0);
    expect(timeline.newAfter).toBeNull();
  });

  it('that cannot be read says so, and is read when asked again', async () => {
    backend.failNext = 'storage';
    const timeline = await opened('marina');
    expect(timeline.loading).toBe('failed');
    await timeline.refresh();
    expect(timeline.loading).toBe('ready');
  });
});

describe('what comes from another device', () => {
  /** The chat with the caret in its composer. */
  async function held(chatId: string): Promise<TimelineState> {
    const timeline = await opened(chatId);
    timeline.setFocus(true);
    return timeline;
  }

  it('is put into a composer that has no focus, and taken out when it was sent there', async () => {
    const timeline = await opened('pavel');
    backend.comesFromElsewhere('pavel', 'reply', 'Едем');
    await timeline.refresh();
    expect(timeline.draft).toBe('Едем');
    backend.comesFromElsewhere('pavel', 'reply', '');
    await timeline.refresh();
    expect(timeline.draft).toBe('');
  });

  it('is offered to one that has the focus, which it never overwrites', async () => {
    const timeline = await held('olga');
    const typed = timeline.draft;
    expect(typed).not.toBe('');
    backend.comesFromElsewhere('olga', 'reply', 'Другое');
    await timeline.refresh();
    expect(timeline.draft).toBe(typed);
    expect(timeline.offered).toEqual({ mode: 'reply', text: 'Другое' });
    await timeline.takeElsewhere();
    expect(timeline.draft).toContain('Другое');
    expect(timeline.draft).toContain(typed);
    expect(timeline.offered).toBeNull();
  });

  it('is not put into an empty one either while the caret is in it', async () => {
    const timeline = await held('pavel');
    backend.comesFromElsewhere('pavel', 'reply', 'Едем');
    await timeline.refresh();
    expect(timeline.draft).toBe('');
    timeline.setFocus(false);
    await vi.advanceTimersByTimeAsync(0);
    expect(timeline.draft).toBe('Едем');
  });

  it('stands above what was typed meanwhile once the focus leaves', async () => {
    const timeline = await held('pavel');
    timeline.write('Через час');
    await timeline.flushDraft();
    backend.comesFromElsewhere('pavel', 'reply', 'Едем');
    await timeline.refresh();
    timeline.write('Через час будем');
    timeline.setFocus(false);
    await vi.advanceTimersByTimeAsync(0);
    expect(timeline.draft).toBe('Едем\nЧерез час будем');
  });

  it('can be left where it is', async () => {
    const timeline = await held('olga');
    const typed = timeline.draft;
    backend.comesFromElsewhere('olga', 'reply', 'Другое');
    await timeline.refresh();
    await timeline.dropElsewhere();
    timeline.setFocus(false);
    await vi.advanceTimersByTimeAsync(0);
    expect(timeline.draft).toBe(typed);
    expect(timeline.offered).toBeNull();
  });

  it('does not overwrite even before the panel has heard of the focus', async () => {
    const timeline = await opened('olga');
    const typed = timeline.draft;
    backend.world.chats.get('olga')!.known.reply = typed;
    vi.spyOn(backend, 'focusComposer').mockResolvedValue();
    timeline.setFocus(true);
    backend.comesFromElsewhere('olga', 'reply', 'Другое');
    await timeline.refresh();
    expect(timeline.draft).toBe(typed);
  });

  it('is offered in the mode in which it was written', async () => {
    const timeline = await held('olga');
    timeline.setMode('comment');
    backend.comesFromElsewhere('olga', 'comment', 'Спросите Ивана');
    await timeline.refresh();
    expect(timeline.offered?.text).toBe('Спросите Ивана');
    timeline.setMode('reply');
    expect(timeline.offered).toBeNull();
  });
});
