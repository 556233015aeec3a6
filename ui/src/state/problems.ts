/**
 * What each code means to an operator: the one table code -> severity, words, what can be done.
 *
 * Programs compare codes, never texts. A code that the contract gains fails to compile here until
 * it has its words.
 */
import type { Code } from '../api/generated/Code';
import type { Held } from '../api/generated/Held';
import type { PanelErrorCode } from '../api/generated/PanelErrorCode';
import type { Problem } from '../api/generated/Problem';
import type { SignInFailure } from '../api/generated/SignInFailure';
import { takesFeminine } from '../format/people';
import { remaining } from '../format/time';
import { m } from '../paraglide/messages';

export type Severity = 'info' | 'warn' | 'bad';

/** What can be done about a refused command. */
export type ProblemAction = 'send_anyway' | 'edit' | 'reopen' | 'copy' | 'discard' | 'dismiss';

interface ProblemEntry {
  severity: Severity;
  text: (context: ProblemContext) => string;
  /** What is offered when a reply met it, the best first. */
  actions: readonly ProblemAction[];
}

/** What the words may need besides the code. */
export interface ProblemContext {
  /** The name of the colleague whom a refusal names. */
  ownerName?: string | null;
  /** What was refused. */
  action?: Held['action'];
}

const KEEP: readonly ProblemAction[] = ['edit', 'copy', 'discard'];
const LEAVE: readonly ProblemAction[] = ['copy', 'discard'];

const PROBLEMS: Record<Code, ProblemEntry> = {
  chat_taken: { severity: 'warn', text: chatTaken, actions: LEAVE },
  chat_closed: {
    severity: 'warn',
    text: m.problem_chat_closed,
    actions: ['reopen', 'copy', 'discard'],
  },
  newer_message: {
    severity: 'warn',
    text: ({ action }) =>
      action === 'close' ? m.problem_newer_message_close() : m.problem_newer_message(),
    actions: ['send_anyway', 'edit', 'discard'],
  },
  not_allowed: { severity: 'bad', text: m.problem_not_allowed, actions: LEAVE },
  wrong_status: { severity: 'warn', text: m.problem_wrong_status, actions: KEEP },
  chat_not_found: { severity: 'warn', text: m.problem_chat_not_found, actions: LEAVE },
  operator_inactive: { severity: 'bad', text: m.problem_operator_inactive, actions: LEAVE },
  text_empty: { severity: 'info', text: m.problem_text_empty, actions: ['dismiss'] },
  text_too_long: { severity: 'warn', text: m.problem_text_too_long, actions: KEEP },
  id_reused: { severity: 'bad', text: m.problem_id_reused, actions: KEEP },
  wrong_password: { severity: 'warn', text: m.problem_wrong_password, actions: ['dismiss'] },
  too_many_tries: { severity: 'warn', text: m.problem_too_many_tries, actions: ['dismiss'] },
  signed_out: { severity: 'warn', text: m.problem_signed_out, actions: ['copy', 'dismiss'] },
  protocol_too_old: { severity: 'bad', text: m.problem_protocol_too_old, actions: ['copy'] },
  protocol_too_new: { severity: 'bad', text: m.problem_protocol_too_new, actions: ['copy'] },
  malformed: { severity: 'bad', text: m.problem_malformed, actions: KEEP },
  unknown_frame: { severity: 'bad', text: m.problem_malformed, actions: KEEP },
  too_large: { severity: 'warn', text: m.problem_too_large, actions: KEEP },
  bad_signature: { severity: 'bad', text: m.problem_malformed, actions: KEEP },
  not_found: { severity: 'bad', text: m.problem_not_found, actions: LEAVE },
  unavailable: { severity: 'warn', text: m.problem_unavailable, actions: KEEP },
  internal: { severity: 'bad', text: m.problem_internal, actions: KEEP },
};

/** Words for `problem`; a code that this version does not know gets the words of a fault. */
export function problemText(problem: Problem, context: ProblemContext = {}): string {
  return entryOf(problem.code).text(context);
}

/** How grave `problem` is. */
export function problemSeverity(problem: Problem): Severity {
  return entryOf(problem.code).severity;
}

/** What is offered for a refused command; `canReopen` says whether the reader may reopen. */
export function heldActions(held: Held, canReopen: boolean): readonly ProblemAction[] {
  const { actions } = entryOf(held.problem.code);
  if (held.action === 'reply') {
    return actions.filter((action) => action !== 'reopen' || canReopen);
  }
  // A close or a reopen has no text: it is repeated knowingly or let go.
  return actions.includes('send_anyway') ? ['send_anyway', 'dismiss'] : ['dismiss'];
}

/** Why a sign-in did not succeed. */
export function signInFailureText(failure: SignInFailure): string {
  switch (failure.why) {
    case 'bad_address':
      return m.sign_in_bad_address();
    case 'plain_http':
      return m.sign_in_plain_http();
    case 'unreachable':
      return m.sign_in_unreachable();
    case 'not_pult':
      return m.sign_in_not_pult();
    case 'storage':
      return m.sign_in_storage();
    case 'refused': {
      const wait = failure.problem.details['retry_after_ms'];
      return failure.problem.code === 'too_many_tries' && typeof wait === 'number'
        ? m.sign_in_too_many({ wait: remaining(wait) })
        : problemText(failure.problem);
    }
  }
}

const PANEL_ERRORS: Record<PanelErrorCode, () => string> = {
  storage: m.error_storage,
  not_signed_in: m.problem_signed_out,
  offline: m.error_offline,
  unknown_chat: m.chat_gone,
  unsent_text: m.sign_out_unsent_title,
  text_empty: m.problem_text_empty,
};

/** The code of what a method of the panel rejected with; none for anything unforeseen. */
export function panelErrorCode(error: unknown): PanelErrorCode | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null;
  const { code } = error;
  return typeof code === 'string' && Object.hasOwn(PANEL_ERRORS, code)
    ? (code as PanelErrorCode)
    : null;
}

/** Words for what a method of the panel rejected with. */
export function panelErrorText(error: unknown): string {
  const code = panelErrorCode(error);
  return code === null ? m.error_unknown() : PANEL_ERRORS[code]();
}

function entryOf(code: string): ProblemEntry {
  return Object.hasOwn(PROBLEMS, code) ? PROBLEMS[code as Code] : PROBLEMS.internal;
}

function chatTaken({ ownerName }: ProblemContext): string {
  if (ownerName === undefined || ownerName === null) return m.problem_chat_taken_unknown();
  return takesFeminine(ownerName)
    ? m.problem_chat_taken_f({ name: ownerName })
    : m.problem_chat_taken({ name: ownerName });
}
