/** What is said of those who are at the same chat. */
import type { Onlooker } from '../api/generated/Onlooker';
import type { OperatorId } from '../api/generated/OperatorId';
import type { ComposerMode } from '../api/generated/ComposerMode';
import { m } from '../paraglide/messages';

type NameOf = (id: OperatorId) => string;

/** Those who type first: a reply, then a comment; among equals as they came. */
export function mostUrgentFirst(onlookers: readonly Onlooker[]): Onlooker[] {
  return [...onlookers].sort((a, b) => RANKS[a.typing ?? 'none'] - RANKS[b.typing ?? 'none']);
}

const RANKS: Record<ComposerMode | 'none', number> = { reply: 0, comment: 1, none: 2 };

/** One word for a row of a list, and no name: the picture beside it has that. */
export function onlookersWord(onlookers: readonly Onlooker[]): string {
  const typing = onlookers.filter((onlooker) => onlooker.typing !== null).length;
  if (typing > 0) return m.onlookers_types({ count: typing });
  return m.onlookers_looks({ count: onlookers.length });
}

/** Who does what, in full. */
export function onlookersText(onlookers: readonly Onlooker[], nameOf: NameOf): string {
  const parts = (
    [
      ['reply', m.onlookers_type_reply],
      ['comment', m.onlookers_type_comment],
      [null, m.onlookers_look],
    ] as const
  ).map(([typing, say]) => {
    const names = onlookers
      .filter((one) => one.typing === typing)
      .map((one) => nameOf(one.operator_id));
    return names.length === 0 ? '' : say({ count: names.length, names: names.join(', ') });
  });
  return parts.filter((part) => part !== '').join(' · ');
}

/**
 * What is worth reading out: whoever was not there before, or has begun to type. That somebody stops,
 * or begins again what was read out, is not: it would be said all the time.
 */
export function onlookersNews(
  onlookers: readonly Onlooker[],
  said: ReadonlySet<string>,
): { news: Onlooker[]; said: Set<string> } {
  const news = onlookers.filter((onlooker) => !said.has(keyOf(onlooker)));
  const here = new Set(onlookers.map((onlooker) => onlooker.operator_id));
  // Who has gone is news when they come again.
  const kept = [...said].filter((key) => here.has(key.split(' ')[0] ?? ''));
  const all = new Set([...kept, ...onlookers.map(keyOf)]);
  for (const { operator_id } of onlookers) all.add(operator_id + ' looks');
  return { news, said: all };
}

function keyOf({ operator_id, typing }: Onlooker): string {
  return `${operator_id} ${typing ?? 'looks'}`;
}
