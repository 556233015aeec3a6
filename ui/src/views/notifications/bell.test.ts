import { screen, waitFor } from '@testing-library/svelte';
import { afterEach, describe, expect, it, vi } from 'vitest';

import type { Notification } from '../../api/generated/Notification';
import type { NotificationLine } from '../../api/generated/NotificationLine';
import type { MemoryBackend } from '../../api/memory';
import { audioClass, FakeAudio } from '../../test/audio';
import { page } from '../../test/page';

function notification(facts: Partial<Notification> = {}): Notification {
  return {
    what: 'new_message',
    key: { about: 'chat', chat_id: 'pavel' },
    chat_id: 'pavel',
    place: null,
    title: 'Павел Небылицын',
    text: 'Где курьер?',
    placeholder: null,
    n: 1,
    minutes: 0,
    banner: true,
    sound: false,
    ...facts,
  };
}

function told(backend: MemoryBackend, ...all: Partial<NotificationLine>[]): void {
  const { world } = backend;
  for (const line of all) {
    const position = (world.notifications[0]?.position ?? 0) + 1;
    const one = { position, at: Date.now(), notification: notification(), is_seen: false, ...line };
    world.notifications = [one, ...world.notifications];
  }
  backend.tell({ event: 'notifications_changed' });
}

afterEach(() => vi.unstubAllGlobals());

describe('the bell', () => {
  it('says kindly that nothing was told', async () => {
    const { the, user, has } = page();
    await the('group-queued');
    expect(has('bell-new')).toBe(false);
    await user.click(await the('bell'));
    expect((await the('announced')).textContent).toContain('Пока ничего');
  });

  it('tells how many are new, shows the newest first, and what was looked at is seen', async () => {
    const { the, user, has, backend } = page();
    await the('group-queued');
    const late = notification({
      what: 'overdue',
      key: { about: 'late' },
      chat_id: null,
      n: 3,
      minutes: 20,
    });
    told(backend, { is_seen: true }, {}, { notification: late });
    await waitFor(async () => expect((await the('bell-new')).textContent).toContain('2'));
    await user.click(await the('bell'));
    const lines = screen.getAllByTestId('announced-line');
    expect(lines.map((line) => line.dataset['what'])).toEqual([
      'overdue',
      'new_message',
      'new_message',
    ]);
    expect(lines[1]!.textContent).toMatch(/Павел Небылицын.*Где курьер\?/su);
    await waitFor(() => expect(has('bell-new')).toBe(false));
    expect(backend.world.notifications.every((line) => line.is_seen)).toBe(true);
    // What was new stays marked while it is looked at.
    expect(lines[1]!.textContent).toContain('новое');
    expect(lines[2]!.textContent).not.toContain('новое');
  });

  it('opens the chat of a line', async () => {
    const { the, user, has, backend } = page();
    await the('group-queued');
    told(backend, {});
    await the('bell-new');
    await user.click(await the('bell'));
    const line = await the('announced-line');
    await user.click(line.querySelector('button')!);
    expect((await the('conversation')).dataset['chatId']).toBe('pavel');
    expect(has('announced')).toBe(false);
  });

  it('has no button for what leads nowhere', async () => {
    const { the, user, backend } = page();
    await the('group-queued');
    const lost = notification({
      what: 'connection_lost',
      key: { about: 'connection' },
      chat_id: null,
      title: null,
      text: '',
    });
    told(backend, { notification: lost });
    await the('bell-new');
    await user.click(await the('bell'));
    const line = await the('announced-line');
    expect(line.textContent).toContain('Нет связи с сервером');
    expect(line.querySelector('button')).toBeNull();
  });

  it('is crossed while it is quiet, with the end in its name', async () => {
    const { the, user, backend } = page();
    await the('group-queued');
    await user.click(await the('bell'));
    await user.click(await the('quiet-30'));
    await waitFor(async () => expect((await the('bell')).dataset['quiet']).toBe('true'));
    expect((await the('bell')).title).toMatch(/Уведомления\. Тихо до .*\d\d:\d\d/u);
    expect(backend.world.notificationChoices.settings.quiet_until).not.toBeNull();
  });

  it('leads to the settings of notifications', async () => {
    const { the, user } = page();
    await the('group-queued');
    await user.click(await the('bell'));
    await user.click(await the('announced-settings'));
    await the('settings-page');
    expect(document.activeElement?.id).toBe('settings-section-notifications');
  });
});

describe('a notification', () => {
  it('is heard if it makes a sound, also without a banner', async () => {
    const audio = new FakeAudio();
    vi.stubGlobal('AudioContext', audioClass(audio));
    const { the, backend } = page();
    await the('group-queued');
    backend.tell({ event: 'notify', notification: notification({ banner: false, sound: true }) });
    await waitFor(() => expect(audio.heard).toHaveLength(1));
    expect(backend.asked.some((line) => line.startsWith('banner pavel'))).toBe(false);
  });

  it('is only shown if it makes none', async () => {
    const audio = new FakeAudio();
    vi.stubGlobal('AudioContext', audioClass(audio));
    const { the, backend } = page();
    await the('group-queued');
    backend.tell({ event: 'notify', notification: notification() });
    await waitFor(() =>
      expect(backend.asked.some((line) => line.startsWith('banner pavel'))).toBe(true),
    );
    expect(audio.heard).toEqual([]);
  });

  it('goes from the screen though it was over before it was shown', async () => {
    const { the, backend } = page();
    await the('group-queued');
    const shown: string[] = [];
    let arrive = (): void => undefined;
    const arrives = new Promise<void>((resolve) => (arrive = resolve));
    vi.spyOn(backend, 'showBanner').mockImplementation(async ({ title }) => {
      if (title === 'Первое') await arrives;
      shown.push(title);
    });
    vi.spyOn(backend, 'hideBanner').mockImplementation(async () => {
      shown.push('hidden');
    });
    const { key } = notification();
    backend.tell({ event: 'notify', notification: notification({ title: 'Первое' }) });
    backend.tell({ event: 'withdraw', key });
    backend.tell({ event: 'notify', notification: notification({ title: 'Второе' }) });
    // Another's does not wait for it.
    const late = notification({ what: 'overdue', key: { about: 'late' }, chat_id: null });
    backend.tell({ event: 'notify', notification: late });
    await waitFor(() => expect(shown).toHaveLength(1));
    arrive();
    await waitFor(() => expect(shown).toHaveLength(4));
    expect(shown.slice(1)).toEqual(['Первое', 'hidden', 'Второе']);
  });

  it('is shown though there is nothing to play it with', async () => {
    const { the, backend } = page();
    await the('group-queued');
    backend.tell({ event: 'notify', notification: notification({ sound: true }) });
    await waitFor(() =>
      expect(backend.asked.some((line) => line.startsWith('banner pavel'))).toBe(true),
    );
  });
});
