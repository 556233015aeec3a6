/** Ready answers of the panel in memory: enough of the backend's rules for the page to be tried. */
import type { AnswerScope } from './generated/AnswerScope';
import type { Code } from './generated/Code';
import type { OperatorId } from './generated/OperatorId';
import type { PanelError } from './generated/PanelError';
import type { ReadyAnswerBody } from './generated/ReadyAnswerBody';
import type { ReadyAnswerId } from './generated/ReadyAnswerId';
import type { ReadyAnswerImport } from './generated/ReadyAnswerImport';
import type { ReadyAnswerImportLine } from './generated/ReadyAnswerImportLine';
import type { ReadyAnswerRow } from './generated/ReadyAnswerRow';
import type { TableLanguage } from './generated/TableLanguage';
import type { World } from './world';

/** Adds an answer, or puts it in the place of what has its id. */
export function putAnswer(world: World, id: ReadyAnswerId, body: ReadyAnswerBody): ReadyAnswerRow {
  const owner_id = ownerOf(world, body.scope);
  const same = find(world, owner_id, body.shortcut);
  if (same !== undefined && same.id !== id) throw refusal('shortcut_taken', { id: same.id });
  const row: ReadyAnswerRow = {
    id,
    owner_id,
    shortcut: body.shortcut.trim().replace(/^\//u, ''),
    title: body.title.trim(),
    group: body.group.trim(),
    text: body.text.trim(),
  };
  world.answers = [...world.answers.filter((answer) => answer.id !== id), row];
  return row;
}

/** A table of the answers of a scope; cells are as they are, so none may need quotes. */
export function exportAnswers(world: World, scope: AnswerScope, language: TableLanguage): string {
  const owner_id = ownerOf(world, scope);
  const separator = language === 'ru' ? ';' : ',';
  const rows = world.answers
    .filter((answer) => answer.owner_id === owner_id)
    .map(({ shortcut, title, group, text }) => [shortcut, title, group, text].join(separator));
  return `\uFEFF${[['Shortcut', 'Title', 'Group', 'Text'].join(separator), ...rows].join('\r\n')}`;
}

/** Takes a table of shortcuts and texts with semicolons between; nothing in quotes. */
export function importAnswers(
  world: World,
  scope: AnswerScope,
  table: string,
  preview: boolean,
): ReadyAnswerImport {
  const [head = '', ...records] = table.split('\n');
  if (!head.includes(';')) throw refusal('table_unreadable', {});
  const owner_id = ownerOf(world, scope);
  const lines = records
    .filter((record) => record.trim() !== '')
    .map((record, index): ReadyAnswerImportLine => {
      const [shortcut = '', text = ''] = record.split(';').map((cell) => cell.trim());
      const held = find(world, owner_id, shortcut);
      const line = { line: index + 2, shortcut, text };
      if (text === '') return { ...line, outcome: { is: 'wrong', fault: 'text_empty' } };
      if (held === undefined) return { ...line, outcome: { is: 'new' } };
      return { ...line, outcome: { is: held.text === text ? 'unchanged' : 'changed' } };
    });
  const count = (...kinds: string[]): number =>
    lines.filter(({ outcome }) => kinds.includes(outcome.is)).length;
  const n_wrong = count('wrong');
  const is_done = !preview && n_wrong === 0;
  if (is_done) {
    for (const { shortcut, text } of lines) {
      const id = find(world, owner_id, shortcut)?.id ?? crypto.randomUUID();
      putAnswer(world, id, { scope, shortcut, title: '', group: '', text });
    }
  }
  return {
    is_done,
    n_new: count('new'),
    n_changed: count('changed'),
    n_unchanged: count('unchanged'),
    n_wrong,
    lines,
  };
}

function ownerOf(world: World, scope: AnswerScope): OperatorId | null {
  return scope === 'own' ? (world.session?.operator.id ?? null) : null;
}

function find(
  world: World,
  owner_id: OperatorId | null,
  shortcut: string,
): ReadyAnswerRow | undefined {
  const folded = shortcut.trim().replace(/^\//u, '').toLowerCase();
  return world.answers.find(
    (answer) => answer.owner_id === owner_id && answer.shortcut.toLowerCase() === folded,
  );
}

export function refusal(code: Code, details: Record<string, unknown>): PanelError & Error {
  return Object.assign(new Error(code), {
    code: 'refused' as const,
    problem: { code, message: '', details },
  });
}
