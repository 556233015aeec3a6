/** Which keys do what: the table, and what the operator has set otherwise on this device. */
import { forbidden } from './chords';
import { command, type CommandId, COMMANDS } from './table';

/** The keys of commands that do not have their usual ones. */
export type OwnKeys = Partial<Record<CommandId, readonly string[]>>;

/** The keys of a command. */
export function keysOf(own: OwnKeys, id: CommandId): readonly string[] {
  return own[id] ?? command(id)?.keys ?? [];
}

/** Which command each chord belongs to. Keys that are the same for everybody are not among them. */
export function boundChords(own: OwnKeys): Map<string, CommandId> {
  const bound = new Map<string, CommandId>();
  for (const { id, isFixed } of COMMANDS) {
    if (isFixed) continue;
    for (const chord of keysOf(own, id)) bound.set(chord, id);
  }
  return bound;
}

/** The other commands that have one of these chords. */
export function holders(own: OwnKeys, id: CommandId, chords: readonly string[]): CommandId[] {
  return COMMANDS.filter(
    (other) =>
      other.id !== id &&
      !other.isFixed &&
      keysOf(own, other.id).some((chord) => chords.includes(chord)),
  ).map((other) => other.id);
}

/** Gives a command these chords and no others; whoever had one of them has it no more. */
export function withKeys(own: OwnKeys, id: CommandId, chords: readonly string[]): OwnKeys {
  const next: OwnKeys = { ...own, [id]: chords };
  for (const other of holders(own, id, chords)) {
    next[other] = keysOf(own, other).filter((chord) => !chords.includes(chord));
  }
  return withoutUsual(next);
}

/** Gives a command its usual keys back. */
export function withUsualKeys(own: OwnKeys, id: CommandId): OwnKeys {
  return withKeys(own, id, command(id)?.keys ?? []);
}

function withoutUsual(own: OwnKeys): OwnKeys {
  const kept = Object.entries(own).filter(([id, chords]) => {
    const usual = command(id)?.keys ?? [];
    return chords.length !== usual.length || chords.some((chord, at) => chord !== usual[at]);
  });
  return Object.fromEntries(kept);
}

/** What was kept, as far as it makes sense: no unknown command, no forbidden chord, none twice. */
export function ownKeys(kept: unknown): OwnKeys {
  if (typeof kept !== 'object' || kept === null) return {};
  let own: OwnKeys = {};
  for (const [id, chords] of Object.entries(kept)) {
    const known = command(id);
    if (known === null || known.isFixed || !Array.isArray(chords)) continue;
    const allowed = chords.filter(
      (chord): chord is string => typeof chord === 'string' && forbidden(chord) === null,
    );
    own = withKeys(own, known.id, [...new Set(allowed)]);
  }
  return own;
}
