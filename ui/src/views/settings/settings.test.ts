import { screen, waitFor } from '@testing-library/svelte';
import type { Window as HappyWindow } from 'happy-dom';
import { afterEach, describe, expect, it, vi } from 'vitest';

import type { NotificationSettings } from '../../api/generated/NotificationSettings';
import { audioClass, FakeAudio } from '../../test/audio';
import { page as wholePage, type Page } from '../../test/page';

interface SettingsPage extends Page {
  /** What is kept of how the operator is told. */
  kept: () => NotificationSettings;
  /** Whether it is to be seen, and not searched away. */
  sees: (testId: string) => boolean;
}

async function page(fixture = 'usual'): Promise<SettingsPage> {
  const whole = wholePage(fixture);
  await whole.user.click(await whole.the('settings'));
  await whole.the('notify-table');
  return {
    ...whole,
    kept: () => whole.backend.world.notificationChoices.settings,
    sees: (testId) => {
      let at: HTMLElement | null = screen.queryByTestId(testId);
      if (at === null) return false;
      for (; at !== null; at = at.parentElement) if (at.style.display === 'none') return false;
      return true;
    },
  };
}

afterEach(() => vi.unstubAllGlobals());

describe('the settings', () => {
  it('open by their keys in the place of the chats, and close by them and by Esc', async () => {
    const { the, user, has } = wholePage();
    await the('group-queued');
    await user.keyboard('{Control>}[Comma]{/Control}');
    await the('settings-page');
    expect(has('group-queued')).toBe(false);
    expect((await the('settings')).getAttribute('aria-current')).toBe('page');
    expect(document.activeElement).toBe(await the('settings-search'));
    await user.keyboard('{Control>}[Comma]{/Control}');
    await the('group-queued');
    await user.keyboard('{Control>}[Comma]{/Control}');
    await the('settings-page');
    await user.keyboard('{Escape}');
    await the('group-queued');
    expect(has('settings-page')).toBe(false);
  });

  it('change the language at once', async () => {
    const { the, user } = await page();
    await user.click(await the('settings-language-en'));
    await waitFor(() => expect(document.documentElement.lang).toBe('en'));
    expect((await the('settings-page')).textContent).toContain('Do not disturb');
  });

  it('change the theme and the size of the text at once', async () => {
    const { the, user } = await page();
    await user.click(await the('settings-theme-dark'));
    await waitFor(() => expect(document.documentElement.dataset['theme']).toBe('dark'));
    await user.click(await the('settings-text-size-huge'));
    await waitFor(() => expect(document.documentElement.style.fontSize).toBe('131.25%'));
  });

  it.each([
    ['ночь', 'settings-theme-dark'],
    ['громк', 'sounds-volume'],
    ['повтор', 'notify-table'],
    ['упоминания всегда', 'quiet-mentions'],
    // Whoever has the other language.
    ['theme', 'settings-theme-dark'],
  ])('are found by their words: %s', async (query, found) => {
    const { the, user, sees } = await page();
    await user.type(await the('settings-search'), query);
    expect(sees(found)).toBe(true);
    expect(sees('settings-sign-out')).toBe(false);
    expect(sees('settings-go-device')).toBe(false);
    await user.keyboard('{Escape}');
    expect(sees('settings-sign-out')).toBe(true);
    expect(sees('settings-page')).toBe(true);
  });

  it('say that nothing is called so', async () => {
    const { the, user, sees } = await page();
    await user.type(await the('settings-search'), 'ыыы');
    expect((await the('settings-page')).textContent).toContain('Такой настройки нет');
    expect(sees('notify-table')).toBe(false);
  });

  it('lead to their sections', async () => {
    const { the, user } = await page();
    await user.click(await the('settings-go-quiet'));
    expect(document.activeElement?.textContent).toBe('Не беспокоить');
    await user.click(await the('settings-shortcuts'));
    await the('shortcuts');
  });

  it('lead to the keys', async () => {
    const { the, user } = await page();
    await user.click(await the('settings-keys'));
    await the('keys-settings');
  });

  it('lead to the management where there is no rail', async () => {
    const { happyDOM } = window as unknown as HappyWindow;
    happyDOM.setViewport({ width: 380 });
    try {
      const { the, user, has } = await page('supervisor');
      expect(has('rail-chats')).toBe(false);
      await user.click(await the('rail-management'));
      await the('management');
    } finally {
      happyDOM.setViewport({ width: 1024 });
    }
  });

  it('sign out by a command from anywhere, and ask where there is unsent text', async () => {
    const { the, user } = wholePage();
    await the('group-queued');
    await user.keyboard('{Control>}[KeyK]{/Control}');
    await user.keyboard('выйти{Enter}');
    await the('sign-out-unsent');
  });

  it('have the search in the place of the lists’ own', async () => {
    const { the, user } = await page();
    await user.click(await the('settings-go-quiet'));
    await user.keyboard('{Control>}[KeyF]{/Control}');
    expect(document.activeElement).toBe(await the('settings-search'));
  });

  it('say before signing out what stays of unsent texts', async () => {
    const { the, user, has } = await page();
    await user.click(await the('settings-sign-out'));
    expect((await the('sign-out-unsent')).textContent).toContain('останутся на этом компьютере');
    await user.click(await the('sign-out-force'));
    await the('sign-in-submit');
    expect(has('sign-in-ended')).toBe(false);
  });
});

describe('how each kind is told', () => {
  it('is set for one at a time, and goes back to the usual', async () => {
    const { the, user, kept } = await page();
    expect(await the('notify-usual')).toHaveProperty('disabled', true);
    await user.click(await the('notify-observed-sound'));
    await user.click(await the('notify-mention-banner'));
    await user.click(await the('notify-mention-badge'));
    await user.selectOptions(await the('notify-mention-repeat'), '120');
    await waitFor(() =>
      expect(kept().kinds).toEqual({
        observed: { banner: true, sound: true, badge: false, in_front: false, repeat_s: null },
        mention: { banner: false, sound: true, badge: true, in_front: true, repeat_s: 120 },
      }),
    );
    await user.click(await the('notify-usual'));
    await waitFor(() => expect(kept().kinds).toEqual({}));
    await waitFor(async () =>
      expect(await the('notify-mention-banner')).toHaveProperty('checked', true),
    );
  });

  it('has a name for each box', async () => {
    await page();
    expect(screen.getByLabelText('Новый чат в очереди: И в окне')).toHaveProperty('checked', false);
    expect(screen.getByLabelText('Клиент долго ждёт в очереди: Повтор')).toHaveProperty(
      'value',
      '60',
    );
  });

  it('is as before if it could not be kept', async () => {
    const { the, user, backend } = await page();
    backend.failNext = 'storage';
    await user.click(await the('notify-mention-banner'));
    await the('toast');
    await waitFor(async () =>
      expect(await the('notify-mention-banner')).toHaveProperty('checked', true),
    );
  });

  it('hides texts and says when a wait is long', async () => {
    const { the, user, kept } = await page();
    await user.click(await the('notify-hide-text'));
    await user.selectOptions(await the('notify-queue-waits'), '300');
    await waitFor(() => expect(kept()).toMatchObject({ hide_text: true, queue_waits_s: 300 }));
    await user.selectOptions(await the('notify-queue-waits'), '');
    await waitFor(() => expect(kept().queue_waits_s).toBeNull());
  });
});

describe('do not disturb', () => {
  it('holds for as long as is said, and ends by hand', async () => {
    const { the, user, kept, has } = await page();
    expect((await the('quiet-state')).textContent).toContain('Обо всём сообщается');
    const before = Date.now();
    await user.click(await the('quiet-60'));
    await waitFor(() => expect(kept().quiet_until).toBeGreaterThanOrEqual(before + 60 * 60_000));
    await waitFor(async () =>
      expect((await the('quiet-state')).textContent).toMatch(/Тихо до .*\d\d:\d\d/u),
    );
    await user.click(await the('quiet-end'));
    await waitFor(() => expect(kept().quiet_until).toBeNull());
    await waitFor(() => expect(has('quiet-end')).toBe(false));
  });

  it('by hours takes times as they are written, and no time at all is refused', async () => {
    const { the, user, kept } = await page();
    await user.click(await the('quiet-hours'));
    await waitFor(() => expect(kept().quiet_hours).toEqual({ from: 20 * 60, until: 9 * 60 }));
    const from = await the<HTMLInputElement>('quiet-hours-from');
    await user.clear(from);
    await user.type(from, '22.30{Tab}');
    await waitFor(() => expect(kept().quiet_hours?.from).toBe(22 * 60 + 30));
    await user.clear(from);
    await user.type(from, '9{Tab}');
    expect(from.value).toBe('22:30');
    expect(kept().quiet_hours).toEqual({ from: 22 * 60 + 30, until: 9 * 60 });
    await user.click(await the('quiet-hours'));
    await waitFor(() => expect(kept().quiet_hours).toBeNull());
  });

  it('goes by what I say of myself, and lets mentions through or not', async () => {
    const { the, user, kept } = await page();
    await user.click(await the('quiet-away'));
    await user.click(await the('quiet-mentions'));
    await waitFor(() =>
      expect(kept()).toMatchObject({ quiet_when_away: true, mentions_break_through: false }),
    );
  });
});

describe('the test', () => {
  it('shows a sample of a kind, worded as one, and says that it was taken', async () => {
    const audio = new FakeAudio();
    vi.stubGlobal('AudioContext', audioClass(audio));
    const { the, user, backend } = await page();
    expect((await the('finding-banners')).dataset['is']).toBe('unknown');
    expect((await the('finding-sounds')).dataset['is']).toBe('unknown');
    await user.selectOptions(await the('test-kind'), 'overdue');
    await user.click(await the('test-show'));
    await waitFor(async () => expect((await the('finding-banners')).dataset['is']).toBe('good'));
    await waitFor(async () => expect((await the('finding-sounds')).dataset['is']).toBe('good'));
    expect(backend.asked).toContain(
      'banner null Проба: Ответ просрочен: Это проверка: на самом деле ничего не случилось.',
    );
    expect(audio.heard.length).toBeGreaterThan(0);
    // What is told without a sound as usual is no fault.
    expect((await the('finding-silent')).dataset['is']).toBe('set');
    await the('finding-none');
  });

  it('shows all kinds one by one', async () => {
    const { the, user, backend } = await page();
    const kinds = backend.world.notificationChoices.kinds.length;
    vi.useFakeTimers({ shouldAdvanceTime: true, toFake: ['setTimeout', 'clearTimeout'] });
    try {
      await user.click(await the('test-all'));
      await vi.runAllTimersAsync();
      const shown = backend.asked.filter((line) => line.startsWith('banner null Проба'));
      expect(shown).toHaveLength(kinds);
      expect(new Set(shown).size).toBe(kinds);
    } finally {
      vi.useRealTimers();
    }
  });

  it('says what stands in the way: no service, no sound', async () => {
    const { the, user, backend } = await page();
    backend.hasBanners = false;
    await user.click(await the('test-show'));
    await waitFor(async () =>
      expect((await the('finding-banners')).textContent).toContain('нет службы уведомлений'),
    );
    expect((await the('toast')).textContent).toContain('Проба: Вас позвали');
    expect((await the('finding-sounds')).textContent).toContain('нечем играть звук');
  });

  it('says what was set against it', async () => {
    const { the, user, has } = await page();
    expect(has('finding-quiet')).toBe(false);
    expect(has('finding-off')).toBe(false);
    await user.click(await the('quiet-30'));
    expect((await the('finding-quiet')).textContent).toContain('сообщается только об упоминаниях');
    await user.click(await the('quiet-mentions'));
    await waitFor(async () =>
      expect((await the('finding-quiet')).textContent).toContain('уведомлений и звука нет'),
    );
    await user.click(await the('notify-given-banner'));
    expect((await the('finding-off')).textContent).toContain('чат передали вам');
    await user.click(await the('sounds-on'));
    await waitFor(async () =>
      expect((await the('finding-sounds')).textContent).toContain('выключен'),
    );
  });

  it('plays nothing where sounds are off', async () => {
    const audio = new FakeAudio();
    vi.stubGlobal('AudioContext', audioClass(audio));
    const { the, user, backend } = await page();
    await user.click(await the('sounds-on'));
    await user.click(await the('test-show'));
    await waitFor(() =>
      expect(backend.asked.some((line) => line.startsWith('banner null'))).toBe(true),
    );
    expect(audio.heard).toEqual([]);
  });
});

describe('what this computer keeps', () => {
  it('is for its operator to say, and to erase once that was asked', async () => {
    const { the, user, has, backend } = await page();
    const keep = await the<HTMLSelectElement>('settings-keep');
    await waitFor(() => expect(keep.disabled).toBe(false));
    expect(keep.value).toBe('');
    await user.selectOptions(keep, '30');
    expect(backend.world.historyKept).toEqual({ closed_days: 30, max_mb: 4096 });
    const room = await the<HTMLSelectElement>('settings-room');
    expect(room.value).toBe('4096');
    await user.selectOptions(room, '');
    expect(backend.world.historyKept).toEqual({ closed_days: 30, max_mb: null });

    await user.click(await the('settings-erase'));
    await user.click(screen.getByRole('button', { name: 'Отмена' }));
    await waitFor(() => expect(has('erase-device')).toBe(false));
    expect(backend.asked).not.toContain('erase');
    await user.click(await the('settings-erase'));
    await user.click(await the('erase-device-do'));
    await the('sign-in-password');
    expect(backend.asked).toContain('erase');
  });
});
