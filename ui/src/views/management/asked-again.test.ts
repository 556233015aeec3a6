import { screen, waitFor } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';

import type { Administration } from '../../api/generated/Administration';
import type { Code } from '../../api/generated/Code';
import { page, type Page } from '../../test/page';

/** The page of an administrator with a section open. */
async function managing(section: string, change?: (page: Page) => void): Promise<Page> {
  const opened = page('administrator');
  change?.(opened);
  await opened.user.click(await opened.the('rail-management'));
  await opened.user.click(await opened.the(`section-${section}`));
  return opened;
}

describe('a new operator who is asked for again', () => {
  /** A dialog that is filled in, and what is asked for; each try meets what is listed, in turn. */
  async function adding(...meets: (Code | 'no answer')[]): Promise<Page & { ids: string[] }> {
    const opened = await managing('operators');
    const ids: string[] = [];
    opened.backend.administer = (what: Administration): Promise<void> => {
      if (what.kind === 'add_operator') ids.push(what.id);
      const met = meets.shift();
      if (met === undefined) return Promise.resolve();
      const error =
        met === 'no answer'
          ? { code: 'offline' }
          : { code: 'refused', problem: { code: met, message: '', details: {} } };
      return Promise.reject(Object.assign(new Error(met), error));
    };
    await opened.user.click(await opened.the('operator-add'));
    await opened.user.type(await opened.the('operator-login'), 'vydumka');
    await opened.user.type(await opened.the('operator-name'), 'Пётр Выдумкин');
    return Object.assign(opened, { ids });
  }

  async function ask({ user, the }: Page, ids: string[], n: number): Promise<void> {
    await user.click(await the('operator-save'));
    await waitFor(() => expect(ids).toHaveLength(n));
  }

  it('keeps the id as long as nothing is changed', async () => {
    const opened = await adding('no answer');
    await ask(opened, opened.ids, 1);
    await opened.the('operator-error');
    await ask(opened, opened.ids, 2);
    await opened.the('operator-password');
    expect(opened.ids[1]).toBe(opened.ids[0]);
  });

  it('gets another id with another password, and may be there already', async () => {
    const opened = await adding('no answer', 'login_taken');
    await ask(opened, opened.ids, 1);
    await opened.the('operator-error');
    await opened.user.type(await opened.the('operator-new-password'), 'x');
    await ask(opened, opened.ids, 2);
    expect(opened.ids[1]).not.toBe(opened.ids[0]);
    await waitFor(async () =>
      expect((await opened.the('operator-error')).textContent).toContain('прошлая попытка'),
    );
  });

  it('is not there already when each try was answered', async () => {
    const opened = await adding('login_taken', 'login_taken');
    await ask(opened, opened.ids, 1);
    await opened.the('operator-error');
    await opened.user.type(await opened.the('operator-login'), '2');
    await ask(opened, opened.ids, 2);
    expect((await opened.the('operator-error')).textContent).toContain('Выберите другой');
  });
});

describe('a new ready answer that is asked for again', () => {
  it('keeps its id', async () => {
    const { user, the, has, backend } = await managing('answers');
    const put = backend.putReadyAnswer.bind(backend);
    const ids: string[] = [];
    backend.putReadyAnswer = async (id, body) => {
      ids.push(id);
      const row = await put(id, body);
      // The first answer is lost.
      if (ids.length === 1) throw Object.assign(new Error('lost'), { code: 'offline' });
      return row;
    };
    await user.click(await the('answers-add'));
    await user.type(await the('answer-shortcut'), 'новый');
    await user.type(await the('answer-text'), 'Да');
    await user.click(await the('answer-save'));
    await the('answer-error');
    await user.click(await the('answer-save'));
    await waitFor(() => expect(has('answer-dialog')).toBe(false));
    expect(ids).toHaveLength(2);
    expect(ids[1]).toBe(ids[0]);
  });
});

describe('the company’s settings', () => {
  it('keep what is typed while they are being saved', async () => {
    const { user, the, backend } = await managing('company');
    const administer = backend.administer.bind(backend);
    let go = (): void => undefined;
    const held = new Promise<void>((resolve) => (go = resolve));
    backend.administer = async (what) => {
      await held;
      await administer(what);
    };
    const name = await the<HTMLInputElement>('company-name');
    await user.clear(name);
    await user.type(name, 'Пример');
    await user.click(await the('company-save'));
    await user.type(name, ' и сыновья');
    go();
    await waitFor(() => expect(backend.world.company.settings.name).toBe('Пример'));
    await waitFor(async () =>
      expect((await the('company-save')).hasAttribute('disabled')).toBe(false),
    );
    expect(name.value).toBe('Пример и сыновья');
    await user.click(await the('company-save'));
    await waitFor(() => expect(backend.world.company.settings.name).toBe('Пример и сыновья'));
    expect(backend.world.company.revision).toBe(2);
  });

  it('say how everybody is told of what, and no more of it than differs', async () => {
    const { user, the, backend } = await managing('company');
    const sound = await the<HTMLInputElement>('notify-mention-sound');
    await user.click(sound);
    await user.click(await the('notify-given-banner'));
    await user.click(await the('notify-given-banner'));
    await user.click(await the('company-save'));
    await waitFor(() => {
      const { kinds } = backend.world.company.settings.defaults.notifications;
      expect(Object.keys(kinds)).toEqual(['mention']);
    });
    expect(sound.checked).toBe(false);
    // Changed back, there is nothing to save.
    await user.click(sound);
    await user.click(await the('company-save'));
    await waitFor(() =>
      expect(backend.world.company.settings.defaults.notifications.kinds).toEqual({}),
    );
    await user.click(sound);
    await user.click(sound);
    expect((await the('company-save')).hasAttribute('disabled')).toBe(true);
  });

  it('do not take what somebody else has saved meanwhile for seen', async () => {
    const { user, the, backend } = await managing('company');
    const administer = backend.administer.bind(backend);
    const of: number[] = [];
    let go = (): void => undefined;
    const held = new Promise<void>((resolve) => (go = resolve));
    backend.administer = async (what) => {
      if (what.kind === 'set_company') of.push(what.request.revision);
      await held;
      await administer(what);
      const { revision, settings } = backend.world.company;
      backend.world.company = {
        revision: revision + 1,
        settings: { ...settings, name: 'Чужое' },
      };
    };
    const name = await the<HTMLInputElement>('company-name');
    await user.clear(name);
    await user.type(name, 'Пример');
    await user.click(await the('company-save'));
    await user.type(name, ' и сыновья');
    go();
    await the('company-moved');
    expect(name.value).toBe('Пример и сыновья');
    await user.click(await the('company-save'));
    await waitFor(() => expect(of).toEqual([0, 1]));
  });

  it('stay as they were typed when the section is left, until they are given up', async () => {
    const { user, the, has, backend } = await managing('company');
    const was = backend.world.company.settings.name;
    await user.type(await the('company-name'), ' и сыновья');
    await user.click(await the('section-devices'));
    await the('managed-devices');
    await user.click(await the('section-company'));
    const name = await the<HTMLInputElement>('company-name');
    expect(name.value).toBe(`${was} и сыновья`);
    await user.click(await the('company-reset'));
    expect(name.value).toBe(was);
    expect(has('company-reset')).toBe(false);
  });
});

describe('working hours in a zone that this machine does not know', () => {
  it('can have days that differ', async () => {
    const { user, the } = await managing('hours', ({ backend }) => {
      backend.world.company.settings.time_zone = 'Etc/Unknown';
    });
    await user.click(await the('settings-hours-hours'));
    expect((await the('hours-zone')).textContent).toContain('Etc/Unknown');
    await user.click(await the('hours-exception-add'));
    expect(screen.getAllByTestId('hours-exception')).toHaveLength(1);
  });
});
