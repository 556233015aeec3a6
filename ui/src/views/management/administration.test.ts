import { screen } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';

import { page } from '../../test/page';
import { sectionsFor } from './sections';

describe('the sections of the management', () => {
  const ids = (role: 'operator' | 'supervisor' | 'administrator'): string[] =>
    sectionsFor(role).map(({ id }) => id);

  it('offer nobody what they may not do', () => {
    for (const id of ['operators', 'sessions', 'channels', 'integrations', 'company', 'audit']) {
      expect(ids('administrator')).toContain(id);
      expect(ids('supervisor')).not.toContain(id);
      expect(ids('operator')).not.toContain(id);
    }
  });

  it('offer everybody their own devices', () => {
    expect(ids('operator')).toContain('devices');
    expect(ids('supervisor')).toContain('devices');
  });
});

describe('without a connection', () => {
  it('every section says in the same words that nothing can be changed', async () => {
    const { user, the, backend } = page('administrator');
    await the('rail-management');
    backend.world.connection = { state: 'offline', since: Date.now(), cannot_write: false };
    backend.tell({ event: 'overview_changed' });
    await user.click(await the('rail-management'));
    for (const { id } of sectionsFor('administrator')) {
      await user.click(await the(`section-${id}`));
      await the(`managed-${id}`);
      expect((await the('managed-offline')).textContent).toContain('изменить сейчас ничего нельзя');
      expect(screen.getAllByText(/изменить сейчас ничего нельзя/u)).toHaveLength(1);
    }
    await user.click(await the('section-automatic'));
    expect((await the('managed-automatic')).textContent).toContain('Без связи этого не прочитать');
  });
});
