import { beforeEach, describe, expect, it, vi } from 'vitest';

import { FIXTURES } from '../api/fixtures';
import type { ChatRow } from '../api/generated/ChatRow';
import type { ChatsPage } from '../api/generated/ChatsPage';
import type { ChatsQuery } from '../api/generated/ChatsQuery';
import { MemoryBackend } from '../api/memory';
import { OversightState } from './oversight.svelte';
import { Settings } from './settings.svelte';

let backend: MemoryBackend;
let asked: ChatsQuery[];
/** Lets the answers out that are held back. */
let release: (() => void)[];
let oversight: OversightState;

beforeEach(async () => {
  backend = new MemoryBackend(FIXTURES['supervisor']!(Date.UTC(2026, 10, 26, 12)));
  asked = [];
  release = [];
  const answer = backend.chats.bind(backend);
  backend.chats = async (query): Promise<ChatsPage> => {
    asked.push(query);
    const page = await answer(query);
    if (asked.length > 1) await new Promise<void>((go) => release.push(go));
    return page;
  };
  oversight = new OversightState(backend, new Settings(null));
  oversight.enter();
  await vi.waitFor(() => expect(oversight.loading).toBe('done'));
});

describe('the list of all chats', () => {
  it('goes after what was hinted at while it was being read', async () => {
    const [chat] = oversight.chats;
    const loaded = oversight.load();
    await vi.waitFor(() => expect(release).toHaveLength(1));
    oversight.hear([chat!.id], false);
    release[0]!();
    await loaded;
    await vi.waitFor(() => expect(asked.at(-1)?.ids).toBe(chat!.id));
  });

  it('is read as a whole where more has changed than can be named', async () => {
    oversight.hear(['first'], false);
    await vi.waitFor(() => expect(release).toHaveLength(1));
    const ids = (from: string): string[] => Array.from({ length: 60 }, (_, n) => `${from}${n}`);
    oversight.hear(ids('a'), false);
    oversight.hear(ids('b'), false);
    release[0]!();
    await vi.waitFor(() => expect(asked).toHaveLength(3));
    expect(asked[2]?.ids).toBeUndefined();
  });
});

describe('a hidden comment that goes with a chat', () => {
  const note = 'Ждёт счёт';
  const refuse = (chat: ChatRow): unknown =>
    backend.overseer.refuses.set(chat.id, { code: 'not_allowed', message: '', details: {} });

  it('is there again as long as the chat was not given', async () => {
    const to = (await backend.overview()).session!.operator.id;
    const chat = oversight.chats.find(
      ({ status, owner_id }) => status === 'in_work' && owner_id !== to,
    )!;
    const acts = vi.spyOn(backend, 'actOn');
    expect(oversight.noteLeft([chat])).toBe('');

    const given = await oversight.act([chat], { deed: 'give', to, note });
    await given!.takeBack();
    expect(oversight.noteLeft([chat])).toBe(note);

    refuse(chat);
    const again = await oversight.act([chat], { deed: 'give', to, note: `${note} и акт` });
    expect(oversight.noteLeft([chat])).toBe('');
    backend.settleDeeds(await acts.mock.results.at(-1)!.value);
    await again!.refresh();
    expect(oversight.noteLeft([chat])).toBe(`${note} и акт`);

    backend.overseer.refuses.clear();
    const last = await oversight.act([chat], { deed: 'give', to, note });
    backend.settleDeeds(await acts.mock.results.at(-1)!.value);
    await last!.refresh();
    expect(oversight.noteLeft([chat])).toBe('');
  });
});
