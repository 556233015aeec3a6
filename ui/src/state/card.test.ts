import { describe, expect, it } from 'vitest';

import { FIXTURES } from '../api/fixtures';
import type { CommandId } from '../api/generated/CommandId';
import { MemoryBackend } from '../api/memory';
import { CardState, EditedText } from './card.svelte';

/** A text that is edited, and what was handed over of it. */
function edited(kept = 'Было'): { text: EditedText; saved: string[]; fail: () => void } {
  const saved: string[] = [];
  let isFailing = false;
  const text = new EditedText(kept, async (said): Promise<CommandId> => {
    if (isFailing) throw new Error('storage');
    saved.push(said);
    return `command-${saved.length}`;
  });
  return { text, saved, fail: () => (isFailing = true) };
}

describe('a text that is edited', () => {
  it('follows what is kept while nobody types', () => {
    const { text } = edited();
    text.follow('Стало', null);
    expect(text.text).toBe('Стало');
    expect(text.theirs).toBeNull();
  });

  it('is handed over once, and shown until it is kept', async () => {
    const { text, saved } = edited();
    text.type(' Моё ');
    await text.save();
    await text.save();
    expect(saved).toEqual(['Моё']);
    expect(text.text).toBe('Моё');
    expect(text.isSaving).toBe(true);
    text.follow('Было', null);
    expect(text.text).toBe('Моё');
    text.follow('Моё', null);
    expect(text.isSaving).toBe(false);
    text.follow('Иное', null);
    expect(text.text).toBe('Иное');
  });

  it('that says nothing new is not handed over', async () => {
    const { text, saved } = edited();
    text.type('Было  ');
    await text.save();
    expect(saved).toEqual([]);
    expect(text.isSaving).toBe(false);
  });

  it('is never overwritten by a colleague, whose text is told', async () => {
    const { text, saved } = edited();
    text.type('Моё');
    text.follow('Чужое', null);
    expect(text.text).toBe('Моё');
    expect(text.theirs).toBe('Чужое');
    await text.save();
    expect(saved).toEqual(['Моё']);
    expect(text.theirs).toBeNull();
  });

  it('can be let go for what a colleague wrote', () => {
    const { text } = edited();
    text.type('Моё');
    text.follow('Чужое', null);
    text.revert();
    expect(text.text).toBe('Чужое');
  });

  it('that is typed on while it is being saved is no colleague of itself', async () => {
    const { text } = edited();
    text.type('Раз');
    await text.save();
    text.type('Раз, два');
    text.follow('Раз', null);
    expect(text.theirs).toBeNull();
    expect(text.text).toBe('Раз, два');
    text.follow('Чужое', null);
    expect(text.theirs).toBe('Чужое');
  });

  it('that could not be handed over is still typed', async () => {
    const { text, fail } = edited();
    fail();
    text.type('Моё');
    await expect(text.save()).rejects.toThrow('storage');
    expect(text.text).toBe('Моё');
    expect(text.isSaving).toBe(false);
  });

  it('that was refused is still typed, by its own command only', async () => {
    const { text, saved } = edited();
    text.type('Моё');
    await text.save();
    text.follow('Было', 'command-of-a-reply');
    expect(text.isRefused).toBe(false);
    text.follow('Было', 'command-1');
    expect(text.isRefused).toBe(true);
    expect(text.text).toBe('Моё');
    text.type('Моё иначе');
    await text.save();
    expect(saved).toEqual(['Моё', 'Моё иначе']);
  });
});

describe('what the card reads', () => {
  it('is told with all talks, and stays when the connection is lost', async () => {
    const backend = new MemoryBackend(FIXTURES['card']!(Date.now()));
    const card = new CardState(backend, 'marina');
    await card.refresh();
    expect(card.history?.n_talks).toBe(6);
    expect(card.history?.talks.map(({ closed_by }) => closed_by)).toEqual([
      'op-anna',
      'op-maria',
      null,
      'op-ivan',
      'op-anna',
    ]);
    backend.world.connection = { state: 'offline', since: 0, cannot_write: false };
    await card.refresh();
    expect(card.loading).toBe('ready');
    expect(card.history?.n_talks).toBe(6);
  });

  it('fails without a connection, and says why', async () => {
    const backend = new MemoryBackend(FIXTURES['card-offline']!(Date.now()));
    const card = new CardState(backend, 'marina');
    await card.refresh();
    expect(card.loading).toBe('failed');
    expect(card.error).toMatchObject({ code: 'offline' });
  });
});
