import { describe, expect, it } from 'vitest';

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
