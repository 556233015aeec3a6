import { screen, waitFor } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';

import { page } from '../test/page';

describe('the tray', () => {
  it('has a menu in words, with marks where something holds', async () => {
    const { backend } = page();
    await waitFor(() => expect(backend.badge?.sign).toBe('live'));
    const lines = backend.badge?.menu.map((line) => line?.label ?? '-');
    expect(lines).toEqual([
      'Открыть Pult',
      '-',
      'На месте',
      'Отошёл',
      '-',
      'Не беспокоить 30 минут',
      'Не беспокоить 1 час',
      'Не беспокоить до завтра, 8:00',
      'Снова беспокоить',
      '-',
      'Завершить Pult',
    ]);
    expect(backend.badge?.tooltip).toBe('На связи');
  });

  it('says away and back', async () => {
    const { backend, the } = page();
    await the('group-queued');
    const isAway = (): boolean | null | undefined =>
      backend.badge?.menu.find((line) => line?.id === 'away')?.isChecked;
    for (const id of ['away', 'online']) {
      backend.desk.wish({ wish: 'tray', id });
      await waitFor(() => expect(isAway()).toBe(id === 'away'));
    }
  });

  it('makes it quiet, and disturbs again', async () => {
    const { backend, the } = page();
    await the('group-queued');
    const off = (): string | undefined =>
      backend.badge?.menu.find((line) => line?.id === 'quiet_off')?.label;
    for (const id of ['quiet_half_hour', 'quiet_hour', 'quiet_tomorrow']) {
      backend.desk.wish({ wish: 'tray', id });
      await waitFor(() => expect(off()).toMatch(/тишина до \d/u));
      expect(backend.badge?.tooltip).toMatch(/не беспокоить до \d/u);
      backend.desk.wish({ wish: 'tray', id: 'quiet_off' });
      await waitFor(() => expect(off()).toBe('Снова беспокоить'));
    }
  });

  it('of nobody has only what needs nobody', async () => {
    const { backend } = page('sign-in');
    await waitFor(() => expect(backend.badge?.tooltip).toBe('Вход не выполнен'));
    expect(backend.badge?.sign).toBe('offline');
    expect(backend.badge?.menu.map((line) => line?.id)).toEqual(['open', undefined, 'quit']);
  });

  it('does nothing with what it does not know', async () => {
    const { backend, the, has } = page();
    await the('group-queued');
    backend.desk.wish({ wish: 'tray', id: 'from_tomorrow' });
    expect(has('toast')).toBe(false);
  });
});

describe('closing the window', () => {
  for (const [button, closing, asked] of [
    ['close-tray', 'tray', 'hide'],
    ['close-quit', 'quit', 'quit'],
  ] as const) {
    it(`is asked, and remembered as ${closing}`, async () => {
      const { backend, the, user, has } = page();
      await the('group-queued');
      backend.desk.wish({ wish: 'close' });
      await the('close-ask');
      expect(document.activeElement).toBe(screen.getByTestId('close-tray'));
      await user.click(await the(button));
      await waitFor(() => expect(backend.asked).toContain(asked));
      expect(backend.desk.view.close).toBe(closing);
      expect(has('close-ask')).toBe(false);
    });
  }

  it('is no more if the question is waved away', async () => {
    const { backend, the, user, has } = page();
    await the('group-queued');
    backend.desk.wish({ wish: 'close' });
    const dialog = await the('close-ask');
    await user.click(dialog.querySelector<HTMLButtonElement>('header button')!);
    await waitFor(() => expect(has('close-ask')).toBe(false));
    expect(backend.desk.view.close).toBeNull();
    expect(backend.asked).not.toContain('hide');
    expect(backend.asked).not.toContain('quit');
  });
});

describe('a link', () => {
  it('opens its chat', async () => {
    const { backend, the } = page();
    await the('group-queued');
    backend.desk.link = { to: 'chat', chatId: 'pavel' };
    backend.desk.wish({ wish: 'link' });
    await waitFor(async () => expect((await the('conversation')).textContent).toContain('Павел'));
  });

  it('to nowhere, or to a chat that is not there, says so', async () => {
    const { backend, the, has } = page();
    await the('group-queued');
    backend.desk.link = { to: 'nowhere' };
    backend.desk.wish({ wish: 'link' });
    expect((await the('toast')).textContent).toContain('никуда не ведёт');
    backend.desk.link = { to: 'chat', chatId: 'nobodys' };
    backend.desk.wish({ wish: 'link' });
    await waitFor(() => expect(screen.getByTestId('toast').textContent).toContain('у вас нет'));
    expect(has('conversation-title')).toBe(false);
  });
});

describe('the settings of the desktop', () => {
  async function opened(): Promise<ReturnType<typeof page>> {
    const shown = page();
    await shown.user.click(await shown.the('settings'));
    await shown.the('settings-section-desktop');
    await shown.the('desktop-docked');
    return shown;
  }

  it('show what holds and change it', async () => {
    const { backend, user, the } = await opened();
    await user.click(await the('desktop-autostart'));
    await user.click(await the('desktop-docked'));
    await user.click(await the('settings-close-quit'));
    await waitFor(() =>
      expect(backend.desk.view).toMatchObject({ autostart: true, docked: true, close: 'quit' }),
    );
    await waitFor(async () =>
      expect(await the<HTMLInputElement>('desktop-docked')).toHaveProperty('checked', true),
    );
  });

  it('take keys as they are pressed, and tell of those that are not to be had', async () => {
    const { backend, user, the, has } = await opened();
    await user.click(await the('key-raise-set'));
    await user.keyboard('{Control>}{Shift>}[KeyP]{/Shift}{/Control}');
    await waitFor(() => expect(has('key-raise-value')).toBe(true));
    expect(screen.getByTestId('key-raise-value').textContent).toBe('Ctrl+Shift+P');
    await user.click(await the('key-raise-set'));
    await user.keyboard('{Meta>}[KeyL]{/Meta}');
    expect((await the('key-raise-trouble')).textContent).toContain('занято');
    expect(backend.desk.view.raise?.keys).toBe('Ctrl+Shift+KeyP');
    await user.click(await the('key-raise-clear'));
    await waitFor(() => expect(has('key-raise-value')).toBe(false));
  });

  it('say what Wayland does not allow, and that there is no tray', async () => {
    const { backend, the, has } = await opened();
    backend.desk.view = { ...backend.desk.view, can: { tray: false, place: false, keys: false } };
    backend.desk.wish({ wish: 'changed' });
    await the('desktop-no-tray');
    const section = await the('settings-section-desktop');
    expect(section.textContent).toContain('Wayland не даёт программам выбирать место');
    await the('desktop-no-keys');
    expect(await the<HTMLInputElement>('desktop-docked')).toHaveProperty('disabled', true);
    expect(has('key-raise')).toBe(false);
  });

  it('tell of a key that another program has by now', async () => {
    const { backend, the } = await opened();
    backend.desk.view = { ...backend.desk.view, raise: { keys: 'Ctrl+F9', isHeld: false } };
    backend.desk.wish({ wish: 'changed' });
    expect((await the('key-raise-trouble')).textContent).toContain('занято другой программой');
  });
});

describe('the key for whoever has waited longest', () => {
  it('opens their chat', async () => {
    const { backend, the } = page();
    await the('group-queued');
    backend.desk.wish({ wish: 'oldest' });
    await the('conversation-title');
    await waitFor(async () => expect(document.activeElement).toBe(await the('composer')));
  });

  it('says that nobody waits', async () => {
    const { backend, the } = page('empty');
    await the('group-queued');
    backend.desk.wish({ wish: 'oldest' });
    expect((await the('toast')).textContent).toContain('никто не ждёт');
  });
});
