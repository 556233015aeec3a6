/**
 * The table of commands: everything that an operator can do by a key or from the palette. It is the
 * one source of bindings, palette, sheet, `docs/shortcuts.md` and the tests of the real window, so it
 * is data (`table.json`) that all of them can read. Its words are the messages `command_…`.
 */
import table from './table.json';

export type CommandId = keyof typeof table;

/** Under which heading a command stands. */
export const GROUPS = ['go', 'chat', 'writing', 'panel', 'lists'] as const;
export type CommandGroup = (typeof GROUPS)[number];

/**
 * Where a key works: anywhere in the window, where a chat is shown, in the field where one writes, in
 * a list, in the list of everybody's chats, in that of ready answers.
 */
type Where = 'window' | 'chat' | 'field' | 'list' | 'overview' | 'answers';

export interface Command {
  readonly id: CommandId;
  readonly group: CommandGroup;
  readonly where: Where;
  /** The usual keys, as chords of physical keys; the first is the one that is shown. */
  readonly keys: readonly string[];
  /** A character that does the same where it is typed, whichever key writes it. */
  readonly typed: string | null;
  /** Whether the keys belong to lists, fields and dialogs as such and are the same for everybody. */
  readonly isFixed: boolean;
  /** Whether holding the keys does it again and again. */
  readonly doesRepeat: boolean;
}

type Row = Pick<Command, 'group' | 'where' | 'keys'> &
  Partial<{ typed: string; fixed: boolean; repeats: boolean }>;

/** All of them, in the order of the table. */
export const COMMANDS: readonly Command[] = Object.entries(table as Record<CommandId, Row>).map(
  ([id, row]) => ({
    id: id as CommandId,
    group: row.group,
    where: row.where,
    keys: row.keys,
    typed: row.typed ?? null,
    isFixed: row.fixed === true,
    doesRepeat: row.repeats === true,
  }),
);

const BY_ID = new Map(COMMANDS.map((command) => [command.id as string, command]));

/** The command of this id, if there is one. */
export function command(id: string): Command | null {
  return BY_ID.get(id) ?? null;
}
