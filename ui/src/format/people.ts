/** How clients and colleagues are called. */
import type { ClientCard } from '../api/generated/ClientCard';
import type { PresenceRow } from '../api/generated/PresenceRow';
import type { Role } from '../api/generated/Role';
import type { Timestamp } from '../api/generated/Timestamp';
import { m } from '../paraglide/messages';
import { clockOrDate } from './time';

/** A client's name, else their number, else that there is none. */
export function clientName(client: Pick<ClientCard, 'name' | 'phone'>): string {
  const name = client.name?.trim() ?? '';
  if (name !== '') return name;
  return client.phone === null ? m.no_name() : phoneNumber(client.phone);
}

const ROLES: Record<Role, () => string> = {
  operator: m.role_operator,
  supervisor: m.role_supervisor,
  administrator: m.role_administrator,
};

/** What a role is called. */
export function roleName(role: Role): string {
  return ROLES[role]();
}

/**
 * Whether somebody is there, and since when not; `row` is none of whom nothing is known. `name` is
 * whose it is: Russian tells of them by it.
 */
export function presenceText(row: PresenceRow | null, now: Timestamp, name = ''): string {
  if (row?.presence === 'online') return m.presence_online();
  const since = row?.since ?? null;
  if (row?.presence === 'away') {
    const isShe = takesFeminine(name);
    if (since === null) return isShe ? m.presence_away_she() : m.presence_away();
    const when = { since: clockOrDate(since, now) };
    return isShe ? m.presence_away_since_she(when) : m.presence_away_since(when);
  }
  return since === null
    ? m.presence_offline()
    : m.presence_offline_since({ since: clockOrDate(since, now) });
}

/** A number in groups that can be read aloud: Russian ones as usual, others in threes. */
export function phoneNumber(digits: string): string {
  const russian = /^7(\d{3})(\d{3})(\d{2})(\d{2})$/u.exec(digits);
  if (russian !== null) {
    return `+7 ${russian[1]} ${russian[2]}-${russian[3]}-${russian[4]}`.replaceAll(' ', '\u00A0');
  }
  return `+${digits.replace(/(\d)(?=(\d{3})+$)/gu, '$1\u00A0')}`;
}

/** One or two letters for an avatar. */
export function initials(name: string): string {
  const words = name.split(/\s+/u).filter((word) => /^[\p{L}\p{N}]/u.test(word));
  const letters = words.slice(0, 2).map((word) => [...word][0] ?? '');
  // Of a number the last digits tell most.
  if (!/\p{L}/u.test(letters.join(''))) return name.replace(/\D/gu, '').slice(-2) || '?';
  return letters.join('').toUpperCase();
}

/** One of `n` avatar colours, always the same for the same id. */
export function avatarColour(id: string, n: number): number {
  let sum = 0;
  for (const character of id) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 65521;
  return (sum % n) + 1;
}

const MASCULINE_IN_A = new Set(
  'никита илья фома кузьма лука савва данила миша саша паша лёша алёша гриша дима коля петя юра вова ваня'.split(
    ' ',
  ),
);

/**
 * Whether Russian verbs about this colleague take the feminine form. Staff enter names freely and
 * nobody is asked for a gender, so this goes by the endings that Russian names have.
 */
export function takesFeminine(name: string): boolean {
  const words = name.toLowerCase().split(/\s+/u);
  if (words.some((word) => /(?:[оеё]ва|[иы]на|[сц]кая|[вч]на)$/u.test(word))) return true;
  if (words.some((word) => /(?:[оеё]в|[иы]н|[сц]кий|[вь]ич)$/u.test(word))) return false;
  const first = words.find((word) => /[ая]$/u.test(word));
  return first !== undefined && !MASCULINE_IN_A.has(first);
}
