import { describe, expect, it } from 'vitest';

import type { Code } from '../api/generated/Code';
import type { Held } from '../api/generated/Held';
import type { SignInFailure } from '../api/generated/SignInFailure';
import { heldActions, panelErrorText, problemText, signInFailureText } from './problems';

/** Every code, held complete by its type. */
const CODES = Object.keys({
  chat_taken: 0,
  chat_closed: 0,
  newer_message: 0,
  not_allowed: 0,
  wrong_status: 0,
  chat_not_found: 0,
  operator_inactive: 0,
  text_empty: 0,
  text_too_long: 0,
  id_reused: 0,
  wrong_password: 0,
  too_many_tries: 0,
  signed_out: 0,
  protocol_too_old: 0,
  protocol_too_new: 0,
  malformed: 0,
  unknown_frame: 0,
  too_large: 0,
  bad_signature: 0,
  not_found: 0,
  unavailable: 0,
  internal: 0,
} satisfies Record<Code, 0>) as Code[];

function held(code: Code, action: Held['action'] = 'reply'): Held {
  return { command_id: 'c', action, problem: { code, message: '', details: {} }, owner_id: null };
}

describe('problems', () => {
  it.each(CODES)('%s has words and something that can be done', (code) => {
    expect(problemText(held(code).problem)).toMatch(/^\p{Lu}.*\.$/u);
    expect(heldActions(held(code), true)).not.toHaveLength(0);
    expect(heldActions(held(code, 'close'), true)).not.toHaveLength(0);
  });

  it('name the colleague who was first, in the form that the name takes', () => {
    const { problem } = held('chat_taken');
    expect(problemText(problem, { ownerName: 'Иван' })).toBe(
      'Иван ответил раньше. Текст остался здесь, клиенту ничего не отправлено.',
    );
    expect(problemText(problem, { ownerName: 'Анна Образцова' })).toMatch(
      /^Анна Образцова ответила раньше/u,
    );
    expect(problemText(problem)).toMatch(/^Другой сотрудник ответил раньше/u);
  });

  it('offer to reopen only to those who may', () => {
    expect(heldActions(held('chat_closed'), true)).toContain('reopen');
    expect(heldActions(held('chat_closed'), false)).not.toContain('reopen');
  });

  it('let a close that overlooked a message be repeated or let go', () => {
    expect(heldActions(held('newer_message', 'close'), true)).toEqual(['send_anyway', 'dismiss']);
    expect(heldActions(held('wrong_status', 'close'), true)).toEqual(['dismiss']);
  });

  it('of a newer backend are shown as a fault, not as nothing', () => {
    const problem = { code: 'from_the_future' as Code, message: '', details: {} };
    expect(problemText(problem)).toMatch(/^Сбой на сервере/u);
  });

  it('of the panel itself have words too', () => {
    expect(panelErrorText({ code: 'storage', message: 'disk full' })).toMatch(/место на диске/u);
    expect(panelErrorText(new TypeError('x'))).toMatch(/^Что-то пошло не так/u);
    expect(panelErrorText('toString')).toMatch(/^Что-то пошло не так/u);
  });

  it('of a sign-in say what to do', () => {
    const failures: SignInFailure[] = [
      { why: 'bad_address' },
      { why: 'plain_http' },
      { why: 'unreachable', details: 'x' },
      { why: 'not_pult' },
      { why: 'storage', details: 'x' },
      { why: 'refused', problem: held('wrong_password').problem },
    ];
    const words = failures.map(signInFailureText);
    expect(new Set(words).size).toBe(failures.length);
    const problem = { ...held('too_many_tries').problem, details: { retry_after_ms: 45_000 } };
    expect(signInFailureText({ why: 'refused', problem })).toContain('через 45 с');
  });
});
