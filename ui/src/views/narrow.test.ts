import { screen, waitFor } from '@testing-library/svelte';
import type { Window as HappyWindow } from 'happy-dom';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { page } from '../test/page';

function setWidth(width: number): void {
  (window as unknown as HappyWindow).happyDOM.setViewport({ width });
}

describe('a supervisor’s list in one column', () => {
  beforeEach(() => setWidth(380));
  afterEach(() => setWidth(1024));

  it('tells at the overview’s button how many clients wait too long', async () => {
    const { the, has } = page('supervisor');
    const button = await the('rail-supervision');
    const badge = await the('rail-late');
    expect(button.contains(badge)).toBe(true);
    expect(button.textContent).toMatch(/Обзор.*[1-9]/su);
    // The rail with its own sign is not there.
    expect(has('rail-chats')).toBe(false);
  });
});

describe('the lists in one column', () => {
  const VIEW = 400;
  const ROW = 72;
  beforeEach(() => {
    setWidth(380);
    vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(VIEW);
    vi.spyOn(HTMLElement.prototype, 'getBoundingClientRect').mockImplementation(function (
      this: HTMLElement,
    ) {
      return new DOMRect(0, 0, VIEW, this.dataset['row'] === undefined ? 0 : ROW);
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
    setWidth(1024);
  });

  it('stand where they were when one comes back to them', async () => {
    const { the, user } = page();
    await the('group-queued');
    const scroller = (): HTMLElement => screen.getByRole('group', { name: 'Чаты' });
    scroller().scrollTop = 350;
    scroller().dispatchEvent(new Event('scroll'));
    const chats = await waitFor(() => {
      const found = scroller().querySelectorAll<HTMLElement>('button[data-chat-id]');
      expect(found.length).toBeGreaterThan(3);
      return found;
    });
    await user.click(chats[3]!);
    await user.click(await the('back'));
    await waitFor(() => expect(scroller().scrollTop).toBe(350));
  });
});
