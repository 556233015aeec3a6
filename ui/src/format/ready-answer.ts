/**
 * What a ready answer must be like: the same as the backend holds, so that what is wrong is said
 * beside the field and before anything is sent.
 */
import type { ReadyAnswerBody } from '../api/generated/ReadyAnswerBody';
import type { ReadyAnswerFault } from '../api/generated/ReadyAnswerFault';
import type { ReadyAnswerImportOutcome } from '../api/generated/ReadyAnswerImportOutcome';
import { m } from '../paraglide/messages';

const MAX_SHORTCUT = 32;
const MAX_TITLE = 100;
const MAX_TEXT = 4096;

/** Which field of a ready answer something is about. */
export type AnswerField = 'shortcut' | 'title' | 'group' | 'text';

const FIELDS: Record<ReadyAnswerFault, AnswerField> = {
  shortcut_empty: 'shortcut',
  shortcut_too_long: 'shortcut',
  shortcut_signs: 'shortcut',
  title_too_long: 'title',
  group_too_long: 'group',
  text_empty: 'text',
  text_too_long: 'text',
  quote_unclosed: 'text',
};

const TEXTS: Record<ReadyAnswerFault, () => string> = {
  shortcut_empty: m.answer_fault_shortcut_empty,
  shortcut_too_long: m.answer_fault_shortcut_too_long,
  shortcut_signs: m.answer_fault_shortcut_signs,
  title_too_long: m.answer_fault_title_too_long,
  group_too_long: m.answer_fault_group_too_long,
  text_empty: m.answer_fault_text_empty,
  text_too_long: m.answer_fault_text_too_long,
  quote_unclosed: m.answer_fault_quote_unclosed,
};

/** The shortcut without the slash that may be typed before it. */
export function bareShortcut(shortcut: string): string {
  return shortcut.trim().replace(/^\//u, '');
}

/** What is wrong with what was typed, by field. */
export function answerFaults(
  answer: Pick<ReadyAnswerBody, AnswerField>,
): Partial<Record<AnswerField, ReadyAnswerFault>> {
  const faults: Partial<Record<AnswerField, ReadyAnswerFault>> = {};
  const shortcut = bareShortcut(answer.shortcut);
  if (shortcut === '') faults.shortcut = 'shortcut_empty';
  else if (length(shortcut) > MAX_SHORTCUT) faults.shortcut = 'shortcut_too_long';
  else if (!/^[\p{L}\p{N}_.-]+$/u.test(shortcut)) faults.shortcut = 'shortcut_signs';
  if (length(answer.title) > MAX_TITLE) faults.title = 'title_too_long';
  if (length(answer.group) > MAX_TITLE) faults.group = 'group_too_long';
  if (answer.text.trim() === '') faults.text = 'text_empty';
  else if (length(answer.text) > MAX_TEXT) faults.text = 'text_too_long';
  return faults;
}

/** Words for what is wrong. */
export function faultText(fault: ReadyAnswerFault): string {
  return TEXTS[fault]();
}

/** The field that a fault is about; none for one that this version does not know. */
export function faultField(fault: unknown): AnswerField | null {
  return typeof fault === 'string' && Object.hasOwn(FIELDS, fault)
    ? FIELDS[fault as ReadyAnswerFault]
    : null;
}

/** Words for what a line of a table does. */
export function outcomeText(outcome: ReadyAnswerImportOutcome): string {
  switch (outcome.is) {
    case 'new':
      return m.import_new();
    case 'changed':
      return m.import_changed();
    case 'unchanged':
      return m.import_unchanged();
    case 'wrong':
      return faultText(outcome.fault);
    case 'repeated':
      return m.import_repeated({ line: outcome.of_line });
    case 'too_many':
      return m.import_too_many({ max: outcome.max });
  }
}

/** Whether a line keeps its table from being taken. */
export function isWrong({ is }: ReadyAnswerImportOutcome): boolean {
  return is === 'wrong' || is === 'repeated' || is === 'too_many';
}

function length(text: string): number {
  return [...text.trim()].length;
}
