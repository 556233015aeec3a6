import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { OwnTyping, TYPING_ENDS_MS } from './onlookers.svelte';

describe('what I am typing', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  function typing(): { own: OwnTyping; told: (string | null)[] } {
    const told: (string | null)[] = [];
    const own = new OwnTyping(() => told.push(own.now));
    return { own, told };
  }

  it('begins with a key and ends after a while without one', () => {
    const { own, told } = typing();
    own.typed('reply', 'Е');
    vi.advanceTimersByTime(TYPING_ENDS_MS - 1);
    own.typed('reply', 'Ед');
    vi.advanceTimersByTime(TYPING_ENDS_MS - 1);
    expect(told).toEqual(['reply']);
    vi.advanceTimersByTime(1);
    expect(told).toEqual(['reply', null]);
  });

  it('ends with sending, and with emptying the composer', () => {
    const { own, told } = typing();
    own.typed('comment', 'а');
    own.end();
    own.typed('reply', 'а');
    own.typed('reply', ' ');
    vi.advanceTimersByTime(TYPING_ENDS_MS);
    expect(told).toEqual(['comment', null, 'reply', null]);
  });
});
