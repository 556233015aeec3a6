/** Names of the texts that go out by themselves. */
import type { AutomaticKind } from '../api/generated/AutomaticKind';
import { m } from '../paraglide/messages';

const NAMES: Record<AutomaticKind, () => string> = {
  greeting: m.automatic_greeting,
  outside_hours: m.automatic_outside_hours,
  nobody_answers: m.automatic_nobody_answers,
  closed: m.automatic_closed,
};

export function automaticName(kind: AutomaticKind): string {
  return NAMES[kind]();
}
