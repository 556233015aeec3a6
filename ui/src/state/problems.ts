/**
 * What each code means to an operator: the one table code -> severity, words, what can be done.
 *
 * Programs compare codes, never texts. A code that the contract gains fails to compile here until
 * it has its words.
 */
import type { Code } from '../api/generated/Code';
import type { ComposerMode } from '../api/generated/ComposerMode';
import type { Held } from '../api/generated/Held';
import type { HeldAction } from '../api/generated/HeldAction';
import type { OperatorId } from '../api/generated/OperatorId';
import type { PanelError } from '../api/generated/PanelError';
import type { PanelErrorCode } from '../api/generated/PanelErrorCode';
import type { Problem } from '../api/generated/Problem';
import type { SignInFailure } from '../api/generated/SignInFailure';
import { takesFeminine } from '../format/people';
import { remaining } from '../format/time';
import { m } from '../paraglide/messages';

export type Severity = 'info' | 'warn' | 'bad';

/** What can be done about a refused command. */
export type ProblemAction =
  'send_anyway' | 'edit' | 'choose' | 'reopen' | 'copy' | 'discard' | 'dismiss';

interface ProblemEntry {
  severity: Severity;
  /** Why something was refused; what became of it is said by `KEPT`. */
  text: (context: ProblemContext) => string;
  /** What is offered when a reply or a comment met it, the best first. */
  actions: readonly ProblemAction[];
  /** What is offered when something without a text met it. */
  deedActions: readonly ProblemAction[];
}

/** What the words may need besides the code. */
export interface ProblemContext {
  /** The name of the colleague whom a refusal names. */
  ownerName?: string | null;
  /** What was refused. */
  action?: HeldAction;
}

const KEEP: readonly ProblemAction[] = ['edit', 'copy', 'discard'];
const LEAVE: readonly ProblemAction[] = ['copy', 'discard'];
/** Something that will not go otherwise if it is tried again. */
const LET_GO: readonly ProblemAction[] = ['dismiss'];
/** Something that may go the next time. */
const REPEAT: readonly ProblemAction[] = ['send_anyway', 'dismiss'];

const PROBLEMS: Record<Code, ProblemEntry> = {
  chat_taken: { severity: 'warn', text: chatTaken, actions: LEAVE, deedActions: LET_GO },
  chat_closed: {
    severity: 'warn',
    text: m.problem_chat_closed,
    actions: ['reopen', 'copy', 'discard'],
    deedActions: ['reopen', 'dismiss'],
  },
  newer_message: {
    severity: 'warn',
    text: m.problem_newer_message,
    actions: ['send_anyway', 'edit', 'discard'],
    deedActions: REPEAT,
  },
  not_allowed: {
    severity: 'bad',
    text: m.problem_not_allowed,
    actions: LEAVE,
    deedActions: LET_GO,
  },
  wrong_status: {
    severity: 'warn',
    text: m.problem_wrong_status,
    actions: KEEP,
    deedActions: LET_GO,
  },
  chat_not_found: {
    severity: 'warn',
    text: m.problem_chat_not_found,
    actions: LEAVE,
    deedActions: LET_GO,
  },
  colleague_inactive: {
    severity: 'warn',
    text: colleagueInactive,
    actions: KEEP,
    deedActions: ['choose', 'dismiss'],
  },
  already_owner: {
    severity: 'info',
    text: m.problem_already_owner,
    actions: KEEP,
    deedActions: ['choose', 'dismiss'],
  },
  operator_inactive: {
    severity: 'bad',
    text: m.problem_operator_inactive,
    actions: LEAVE,
    deedActions: LET_GO,
  },
  text_empty: {
    severity: 'info',
    text: m.problem_text_empty,
    actions: LET_GO,
    deedActions: LET_GO,
  },
  text_too_long: {
    severity: 'warn',
    text: m.problem_text_too_long,
    actions: KEEP,
    deedActions: LET_GO,
  },
  changed_meanwhile: {
    severity: 'warn',
    text: m.problem_changed_meanwhile,
    actions: LET_GO,
    deedActions: LET_GO,
  },
  id_reused: { severity: 'bad', text: m.problem_id_reused, actions: KEEP, deedActions: REPEAT },
  ready_answer_not_found: {
    severity: 'info',
    text: m.problem_ready_answer_not_found,
    actions: LET_GO,
    deedActions: LET_GO,
  },
  ready_answer_wrong: {
    severity: 'warn',
    text: m.problem_ready_answer_wrong,
    actions: LET_GO,
    deedActions: LET_GO,
  },
  shortcut_taken: {
    severity: 'warn',
    text: m.problem_shortcut_taken,
    actions: LET_GO,
    deedActions: LET_GO,
  },
  too_many_ready_answers: {
    severity: 'warn',
    text: m.problem_too_many_ready_answers,
    actions: LET_GO,
    deedActions: LET_GO,
  },
  channel_not_found: {
    severity: 'info',
    text: m.problem_channel_not_found,
    actions: LET_GO,
    deedActions: LET_GO,
  },
  phone_wrong: {
    severity: 'warn',
    text: m.link_number_wrong,
    actions: LET_GO,
    deedActions: LET_GO,
  },
  table_unreadable: {
    severity: 'warn',
    text: m.problem_table_unreadable,
    actions: LET_GO,
    deedActions: LET_GO,
  },
  draft_moved: { severity: 'bad', text: m.problem_id_reused, actions: KEEP, deedActions: REPEAT },
  last_administrator: {
    severity: 'warn',
    text: m.problem_last_administrator,
    actions: LET_GO,
    deedActions: LET_GO,
  },
  login_taken: {
    severity: 'warn',
    text: m.problem_login_taken,
    actions: LET_GO,
    deedActions: LET_GO,
  },
  field_wrong: {
    severity: 'warn',
    text: m.problem_field_wrong,
    actions: LET_GO,
    deedActions: LET_GO,
  },
  wrong_password: {
    severity: 'warn',
    text: m.problem_wrong_password,
    actions: LET_GO,
    deedActions: LET_GO,
  },
  too_many_tries: {
    severity: 'warn',
    text: m.problem_too_many_tries,
    actions: LET_GO,
    deedActions: REPEAT,
  },
  signed_out: {
    severity: 'warn',
    text: m.problem_signed_out,
    actions: ['copy', 'dismiss'],
    deedActions: LET_GO,
  },
  protocol_too_old: {
    severity: 'bad',
    text: m.problem_protocol_too_old,
    actions: ['copy'],
    deedActions: LET_GO,
  },
  protocol_too_new: {
    severity: 'bad',
    text: m.problem_protocol_too_new,
    actions: ['copy'],
    deedActions: LET_GO,
  },
  malformed: { severity: 'bad', text: m.problem_malformed, actions: KEEP, deedActions: LET_GO },
  unknown_frame: {
    severity: 'bad',
    text: m.problem_malformed,
    actions: KEEP,
    deedActions: LET_GO,
  },
  too_large: { severity: 'warn', text: m.problem_too_large, actions: KEEP, deedActions: LET_GO },
  bad_signature: {
    severity: 'bad',
    text: m.problem_malformed,
    actions: KEEP,
    deedActions: LET_GO,
  },
  not_found: { severity: 'bad', text: m.problem_not_found, actions: LEAVE, deedActions: LET_GO },
  unavailable: {
    severity: 'warn',
    text: m.problem_unavailable,
    actions: KEEP,
    deedActions: REPEAT,
  },
  internal: { severity: 'bad', text: m.problem_internal, actions: KEEP, deedActions: REPEAT },
};

/** What stands as it stood, since something was refused. */
const KEPT: Record<HeldAction, () => string> = {
  reply: m.kept_reply,
  comment: m.kept_comment,
  leave: m.kept_leave,
  transfer: m.kept_transfer,
  return_to_queue: m.kept_return,
  assign: m.kept_assign,
  set_observers: m.kept_observers,
  no_answer_needed: m.kept_no_answer,
  name_client: m.kept_name,
  note_client: m.kept_note,
  tell_only_addressed: m.kept_only_addressed,
  close: m.kept_close,
  reopen: m.kept_reopen,
};

/**
 * Where the general words would be wrong or say nothing: why, and what stands, in one. What was asked
 * for may have come about already, and then nothing "stands as it stood".
 */
const PARTICULAR: Partial<Record<Code, Partial<Record<HeldAction, () => string>>>> = {
  wrong_status: {
    return_to_queue: m.already_queued,
    reopen: m.already_reopened,
    assign: m.already_not_queued,
    transfer: m.already_not_in_work,
    close: m.already_closed,
    leave: m.already_closed,
    set_observers: m.already_closed,
    no_answer_needed: m.already_closed,
  },
  not_allowed: { leave: m.already_no_observer, tell_only_addressed: m.already_no_observer },
  text_too_long: {
    comment: m.too_long_comment,
    transfer: m.too_long_transfer,
    name_client: m.too_long_name,
    note_client: m.too_long_note,
  },
};

/** Words for `problem`; a code that this version does not know gets the words of a fault. */
export function problemText(problem: Problem, context: ProblemContext = {}): string {
  const { action } = context;
  if (action !== undefined) {
    const particular = particularOf(problem.code, action);
    if (particular !== undefined) return particular();
  }
  const why = entryOf(problem.code).text(context);
  return action === undefined ? why : `${why} ${KEPT[action]()}`;
}

/** How grave it is that `problem` stood in the way of `action`. */
export function problemSeverity(problem: Problem, action?: HeldAction): Severity {
  const { code } = problem;
  const isPast = code === 'wrong_status' || code === 'not_allowed';
  // What has come about already, or is no more to be asked for, is told and nothing to worry about.
  if (isPast && action !== undefined && particularOf(code, action) !== undefined) return 'info';
  return entryOf(code).severity;
}

/** The colleague whom a refusal names, if it names one. */
export function namedBy(problem: Problem | null): OperatorId | null {
  const named = problem?.details['owner'] ?? problem?.details['operator'];
  return typeof named === 'string' ? named : null;
}

/** The mode in which a held command was written; none for what has no text. */
export function heldMode(action: HeldAction): ComposerMode | null {
  return action === 'reply' || action === 'comment' ? action : null;
}

/** What is done with a colleague, so that another one can be chosen. */
const CHOOSING = new Set<HeldAction>(['transfer', 'assign', 'set_observers']);

/** What is offered for a refused command; `canReopen` says whether the reader may reopen. */
export function heldActions(held: Held, canReopen: boolean): readonly ProblemAction[] {
  const { actions, deedActions } = entryOf(held.problem.code);
  const canChoose = CHOOSING.has(held.action);
  return (heldMode(held.action) === null ? deedActions : actions).filter(
    (action) => (action !== 'reopen' || canReopen) && (action !== 'choose' || canChoose),
  );
}

const LABELS: Record<ProblemAction, () => string> = {
  send_anyway: m.held_repeat,
  edit: m.held_edit,
  choose: m.held_choose,
  reopen: m.held_reopen,
  copy: m.held_copy,
  discard: m.held_discard,
  dismiss: m.held_dismiss,
};

/** What is written on the button that does `action`. */
export function actionLabel(action: ProblemAction, problem: Problem, refused?: HeldAction): string {
  if (action === 'send_anyway') {
    if (refused !== undefined && heldMode(refused) !== null) return m.held_send_anyway();
    if (problem.code === 'newer_message') {
      if (refused === 'close') return m.held_close_anyway();
      if (refused === 'transfer') return m.held_transfer_anyway();
      if (refused === 'no_answer_needed') return m.held_no_answer_anyway();
    }
  }
  if (action === 'dismiss' && entryOf(problem.code).deedActions.length > 1) {
    if (refused === 'close') return m.held_discard_close();
    if (refused === 'transfer') return m.held_discard_transfer();
    if (refused !== undefined && heldMode(refused) === null) return m.held_forget();
  }
  return LABELS[action]();
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
  refused: m.error_refused,
};

/** The code of what a method of the panel rejected with; none for anything unforeseen. */
export function panelErrorCode(error: unknown): PanelErrorCode | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null;
  const { code } = error;
  return typeof code === 'string' && Object.hasOwn(PANEL_ERRORS, code)
    ? (code as PanelErrorCode)
    : null;
}

/** What the backend refused something with, if that is what a method of the panel rejected with. */
export function refusedWith(error: unknown): Problem | null {
  if (typeof error !== 'object' || error === null || !('problem' in error)) return null;
  return (error as PanelError).problem;
}

/** Words for what a method of the panel rejected with. */
export function panelErrorText(error: unknown): string {
  const problem = refusedWith(error);
  if (problem !== null) return problemText(problem);
  const code = panelErrorCode(error);
  return code === null ? m.error_unknown() : PANEL_ERRORS[code]();
}

function particularOf(code: string, action: HeldAction): (() => string) | undefined {
  return Object.hasOwn(PARTICULAR, code) ? PARTICULAR[code as Code]?.[action] : undefined;
}

function entryOf(code: string): ProblemEntry {
  return Object.hasOwn(PROBLEMS, code) ? PROBLEMS[code as Code] : PROBLEMS.internal;
}

function chatTaken({ ownerName, action }: ProblemContext): string {
  const isUnknown = ownerName === undefined || ownerName === null;
  if (action !== undefined && action !== 'reply') {
    return isUnknown ? m.problem_now_with_unknown() : m.problem_now_with({ name: ownerName });
  }
  if (isUnknown) return m.problem_chat_taken_unknown();
  return takesFeminine(ownerName)
    ? m.problem_chat_taken_f({ name: ownerName })
    : m.problem_chat_taken({ name: ownerName });
}

function colleagueInactive({ ownerName }: ProblemContext): string {
  return ownerName === undefined || ownerName === null
    ? m.problem_colleague_inactive()
    : m.problem_colleague_inactive_name({ name: ownerName });
}
