import { describe, expect, it } from 'vitest';

import type { Act } from '../api/generated/Act';
import type { AuditEntry } from '../api/generated/AuditEntry';
import { Settings } from '../state/settings.svelte';
import { actorName, actText, type Names } from './audit';
import { newPassword } from './password';

const names: Names = { operator: (id) => `<${id}>`, integration: (id) => `<${id}>` };

function entry(act: Act | null, kind = act?.act ?? 'of_tomorrow'): AuditEntry {
  return { key: 1, at: 0, by: { who: 'command_line' }, act, kind };
}

describe('the audit log in words', () => {
  it('tells who and what', () => {
    new Settings(null, 'ru');
    const changed = entry({
      act: 'role_changed',
      operator_id: 'a',
      was: 'operator',
      now: 'supervisor',
    });
    expect(actorName(changed, names)).toBe('команда на сервере');
    expect(actText(changed, names)).toContain('<a>');
  });

  it('names settings and shows their values without the signs of JSON', () => {
    new Settings(null, 'en');
    const changes = [
      { field: 'name', was: '""', now: '"Daisy"' },
      { field: 'late_answer_minutes', was: null, now: '10' },
      { field: 'of_tomorrow', was: '1', now: '2' },
      { field: 'defaults.notifications.kinds.mention.sound', was: 'true', now: 'false' },
      { field: 'defaults.notifications.kinds.of_tomorrow.sound', was: 'true', now: null },
    ];
    expect(actText(entry({ act: 'company_changed', changes }), names)).toBe(
      'Name of the company: was none, is Daisy; Later answers, min: was none, is 10; ' +
        'of_tomorrow: was 1, is 2; You were called: Sound: was yes, is no; ' +
        'defaults.notifications.kinds.of_tomorrow.sound: was yes, is none',
    );
  });

  it('tells whose chat it was in which a supervisor did something, and of whom it is none', () => {
    new Settings(null, 'en');
    const handled = { act: 'chat_handled', chat_id: 'c', owner_id: 'a', to: 'b' } as const;
    expect(actText(entry({ ...handled, deed: 'transfer' }), names)).toBe(
      'Transferred the chat to <b>. Whose chat: <a>',
    );
    const assigned = entry({ ...handled, deed: 'assign', owner_id: null });
    expect(actText(assigned, names)).toBe('Gave the chat from the queue to <b>');
    const closed = entry({ ...handled, deed: 'close', owner_id: null, to: null });
    expect(actText(closed, names)).toBe('Closed the chat. The chat had no owner');
  });

  it('tells what was done with ready answers, automatic texts and numbers', () => {
    new Settings(null, 'en');
    const text = (act: Act): string => actText(entry(act), names);
    expect(text({ act: 'ready_answer_changed', was: 'price', now: 'price' })).toContain('/price');
    expect(text({ act: 'ready_answer_changed', was: 'price', now: 'cost' })).toContain('now /cost');
    expect(text({ act: 'automatic_texts_changed', kinds: ['greeting', 'closed'] })).toMatch(
      /Greeting, .*closed/u,
    );
    expect(text({ act: 'working_hours_changed', are_kept: false, n_exceptions: 0 })).toContain(
      'always there',
    );
    const set = {
      act: 'channel_phone_set',
      channel_id: 'c',
      was: null,
      now: '74955550100',
    } as const;
    expect(text(set)).toContain('was none, is 74955550100');
  });

  it('does not hide what a newer version has done', () => {
    expect(actText(entry(null), names)).toContain('of_tomorrow');
  });
});

describe('first passwords', () => {
  it('are long, easy to read out, and never the same', () => {
    const made = Array.from({ length: 50 }, newPassword);
    expect(new Set(made).size).toBe(50);
    for (const one of made)
      expect(one).toMatch(/^[a-hj-km-np-z2-9]{4}(?:-[a-hj-km-np-z2-9]{4}){3}$/u);
  });
});
