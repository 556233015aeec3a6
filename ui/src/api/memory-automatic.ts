/** Automatic texts, hours and direction of the panel in memory: kept as they are put, with revisions. */
import type { AutomaticTexts } from './generated/AutomaticTexts';
import type { DirectionFound } from './generated/DirectionFound';
import type { DirectionRule } from './generated/DirectionRule';
import type { DirectionTrial } from './generated/DirectionTrial';
import type { PanelError } from './generated/PanelError';
import type { WorkingHours } from './generated/WorkingHours';

/** What is kept, and how often it was changed. */
export interface Kept<T> {
  revision: number;
  value: T;
}

export interface AutomaticWorld {
  texts: Kept<AutomaticTexts>;
  hours: Kept<WorkingHours | null>;
  rules: Kept<DirectionRule[]>;
}

/** Nobody has set anything yet. */
export function nothingAutomatic(): AutomaticWorld {
  return {
    texts: {
      revision: 0,
      value: {
        greeting: { is_on: false, text: '', minutes: 1440 },
        outside_hours: { is_on: false, text: '' },
        nobody_answers: { is_on: false, text: '', minutes: 10 },
        closed: { is_on: false, text: '', minutes: 1440 },
      },
    },
    hours: { revision: 0, value: null },
    rules: { revision: 0, value: [] },
  };
}

/** Puts a value in the place of that of a revision; refused if somebody else was quicker. */
export function put<T>(kept: Kept<T>, revision: number, value: T): number {
  if (kept.revision !== revision) {
    const error: PanelError = {
      code: 'refused',
      message: 'changed',
      problem: {
        code: 'changed_meanwhile',
        message: 'changed',
        details: { revision: kept.revision },
      },
    };
    // The shell's errors are plain objects, and so are these.
    throw error;
  }
  kept.value = structuredClone(value);
  kept.revision += 1;
  return kept.revision;
}

/** Which rule has one of its words in the text: enough for the page to be tried. */
export function tryRules(trial: DirectionTrial, isActive: (id: string) => boolean): DirectionFound {
  const words = trial.text
    .toLowerCase()
    .replaceAll('ё', 'е')
    .split(/[^\p{L}\p{N}]+/u);
  const found: DirectionFound = { rule: null, operator_id: null, passed_over: [] };
  for (const [place, rule] of trial.rules.entries()) {
    const has = (word: string): boolean => words.includes(word.toLowerCase().replaceAll('ё', 'е'));
    if (!rule.words.some(has)) continue;
    if (isActive(rule.operator_id)) return { ...found, rule: place, operator_id: rule.operator_id };
    found.passed_over.push(place);
  }
  return found;
}
