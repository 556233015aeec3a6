import { screen, waitFor } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';

import { page } from '../test/page';

/** Waits until the focus is on something in the page that answers `is`. */
async function focused(is: (element: HTMLElement) => boolean): Promise<void> {
  await waitFor(() => {
    const active = document.activeElement as HTMLElement;
    expect(is(active), `${active.localName} ${active.dataset['testid'] ?? ''}`).toBe(true);
  });
}

const on = (testid: string) => (element: HTMLElement) => element.dataset['testid'] === testid;

describe('the focus', () => {
  it('goes to the next chat of the list when one leaves it', async () => {
    const { backend, user, the } = page();
    await the('group-queued');
    const rows = (): HTMLElement[] =>
      screen.getAllByTestId('chat-row').filter((one) => one.dataset['status'] === 'queued');
    const [first, second] = rows();
    const id = first?.dataset['chatId'] ?? '';
    await user.keyboard('{Control>}[Digit3]{/Control}');
    await focused((element) => element === first);
    backend.world.chats.delete(id);
    backend.tell({ event: 'overview_changed' });
    await waitFor(() => expect(rows()).not.toContain(first));
    await focused((element) => element === second);
  });

  it('goes back to where a dialog was opened, and on if that is gone', async () => {
    const { user, the, has } = page();
    await the('group-queued');
    const field = await the('filter');
    await user.click(field);
    await user.keyboard('{Control>}[Slash]{/Control}');
    await the('shortcuts');
    screen.getByTestId('shortcuts').dispatchEvent(new Event('close'));
    await waitFor(() => expect(has('shortcuts')).toBe(false));
    await focused((element) => element === field);
  });

  it('goes on from a button that is of no use any more', async () => {
    const { the } = page();
    await the('group-queued');
    const button = document.createElement('button');
    const next = document.createElement('button');
    document.querySelector('.frame')?.append(button, next);
    button.focus();
    button.disabled = true;
    await focused((element) => element === next);
    next.remove();
    button.remove();
    await focused((element) => element !== document.body);
  });

  it('moves among the parts of the window by F6', async () => {
    const { the, open } = page();
    await the('group-queued');
    await open('q3');
    await focused(on('composer'));
    const regions: (string | undefined)[] = [];
    const step = (shiftKey: boolean): void => {
      // The keyboard of the tests has no such key.
      const press = { code: 'F6', key: 'F6', shiftKey, bubbles: true, cancelable: true };
      document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', press));
      const active = document.activeElement as HTMLElement;
      regions.push(active.closest<HTMLElement>('[data-region]')?.dataset['region']);
    };
    for (let n = 0; n < 4; n += 1) step(false);
    expect(regions).toEqual(['rail', 'list', 'chat', 'composer']);
    expect(document.activeElement).toBe(await the('composer'));
    step(true);
    expect(regions.at(-1)).toBe('chat');
    expect(document.activeElement?.getAttribute('role')).toBe('log');
  });
});
