import { describe, expect, it } from 'vitest';

import type { Code } from '../api/generated/Code';
import type { Held } from '../api/generated/Held';
import type { HeldAction } from '../api/generated/HeldAction';
import type { SignInFailure } from '../api/generated/SignInFailure';
import {
  actionLabel,
  heldActions,
  namedBy,
  panelErrorText,
  problemSeverity,
  problemText,
  signInFailureText,
} from './problems';

/** Every code, held complete by its type. */
const CODES = Object.keys({
  chat_taken: 0,
  chat_closed: 0,
  newer_message: 0,
  not_allowed: 0,
  wrong_status: 0,
  chat_not_found: 0,
  colleague_inactive: 0,
  already_owner: 0,
  operator_inactive: 0,
  text_empty: 0,
  text_too_long: 0,
  changed_meanwhile: 0,
  id_reused: 0,
  ready_answer_not_found: 0,
  ready_answer_wrong: 0,
  shortcut_taken: 0,
  too_many_ready_answers: 0,
  table_unreadable: 0,
  draft_moved: 0,
  channel_not_found: 0,
  phone_wrong: 0,
  last_administrator: 0,
  login_taken: 0,
  field_wrong: 0,
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
/** Everything that can be refused, held complete by its type. */
const ACTIONS = Object.keys({
  reply: 0,
  comment: 0,
  leave: 0,
  transfer: 0,
  return_to_queue: 0,
  assign: 0,
  set_observers: 0,
  no_answer_needed: 0,
  name_client: 0,
  note_client: 0,
  tell_only_addressed: 0,
  close: 0,
  reopen: 0,
} satisfies Record<HeldAction, 0>) as HeldAction[];

function held(code: Code, action: Held['action'] = 'reply'): Held {
  return { command_id: 'c', action, problem: { code, message: '', details: {} }, owner_id: null };
}

describe('problems', () => {
  it.each(CODES)('%s has words and something that can be done', (code) => {
    expect(problemText(held(code).problem)).toMatch(/^\p{Lu}.*\.$/u);
    for (const action of ACTIONS) {
      const refused = held(code, action);
      expect(problemText(refused.problem, { action })).toMatch(/^\p{Lu}.*\.$/u);
      const actions = heldActions(refused, false);
      expect(actions, action).not.toHaveLength(0);
      const labels = actions.map((one) => actionLabel(one, refused.problem, action));
      expect(new Set(labels).size, labels.join()).toBe(labels.length);
    }
  });

  it('name the colleague who was first, in the form that the name takes', () => {
    const { problem } = held('chat_taken');
    expect(problemText(problem, { ownerName: 'Иван', action: 'reply' })).toBe(
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

  it('say what stands as it stood, each in its own words', () => {
    const { problem } = held('unavailable');
    const words = ACTIONS.map((action) => problemText(problem, { action }));
    expect(new Set(words).size).toBe(ACTIONS.length);
    for (const text of words) expect(text).toMatch(/^\p{Lu}.*\. \p{Lu}.*\.$/u);
    expect(problemText(held('not_allowed').problem, { action: 'transfer' })).toBe(
      'На это не хватает прав. Чат не передан.',
    );
  });

  it('say nothing that is not so where what was asked for has come about already', () => {
    const wrong = held('wrong_status').problem;
    expect(problemText(wrong, { action: 'return_to_queue' })).toBe('Чат уже в очереди.');
    expect(problemText(wrong, { action: 'close' })).toBe('Чат уже закрыт.');
    expect(problemSeverity(wrong, 'close')).toBe('info');
    expect(problemSeverity(wrong, 'reply')).toBe('warn');
    // Whoever was given the chat observes it no more.
    const refused = held('not_allowed').problem;
    expect(problemText(refused, { action: 'leave' })).toBe(
      'Вы больше не наблюдаете за этим чатом.',
    );
  });

  it('speak of messages of WhatsApp only where one was to be sent', () => {
    for (const action of ['comment', 'transfer', 'name_client', 'note_client'] as const) {
      expect(problemText(held('text_too_long').problem, { action })).not.toContain('WhatsApp');
    }
  });

  it('never speak of the client where nothing was for the client', () => {
    for (const code of CODES) {
      expect(problemText(held(code).problem, { action: 'comment' })).not.toContain('отправлено');
      expect(problemText(held(code).problem, { action: 'close' })).not.toContain('отправлено');
    }
  });

  it('name a colleague who is there no longer, and offer another where one was chosen', () => {
    const { problem } = held('colleague_inactive');
    expect(problemText(problem, { ownerName: 'Иван', action: 'assign' })).toBe(
      'Учётная запись сотрудника Иван отключена. Ответственный не назначен.',
    );
    expect(heldActions(held('colleague_inactive', 'transfer'), true)).toEqual([
      'choose',
      'dismiss',
    ]);
    expect(heldActions(held('colleague_inactive', 'set_observers'), true)).toContain('choose');
    expect(heldActions(held('colleague_inactive', 'leave'), true)).toEqual(['dismiss']);
    expect(heldActions(held('colleague_inactive', 'comment'), true)).toEqual([
      'edit',
      'copy',
      'discard',
    ]);
    expect(namedBy({ ...problem, details: { operator: 'op-ivan' } })).toBe('op-ivan');
    expect(namedBy({ ...problem, details: { owner: null } })).toBeNull();
  });

  it('let what overlooked a message be repeated knowingly or let go', () => {
    const refused = held('newer_message', 'close');
    expect(heldActions(refused, true)).toEqual(['send_anyway', 'dismiss']);
    expect(actionLabel('send_anyway', refused.problem, 'close')).toBe('Завершить всё равно');
    expect(actionLabel('dismiss', refused.problem, 'close')).toBe('Не завершать');
    expect(actionLabel('send_anyway', refused.problem, 'transfer')).toBe('Передать всё равно');
    expect(actionLabel('send_anyway', refused.problem, 'reply')).toBe('Отправить всё равно');
    expect(heldActions(held('wrong_status', 'close'), true)).toEqual(['dismiss']);
  });

  it('let what met a fault be tried again', () => {
    const refused = held('unavailable', 'return_to_queue');
    expect(heldActions(refused, true)).toEqual(['send_anyway', 'dismiss']);
    expect(actionLabel('send_anyway', refused.problem, 'return_to_queue')).toBe('Повторить');
    expect(actionLabel('dismiss', refused.problem, 'return_to_queue')).toBe('Забыть');
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
