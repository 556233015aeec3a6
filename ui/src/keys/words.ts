/** The words of the table. */
import { m } from '../paraglide/messages';
import { COMMANDS, type CommandGroup, type CommandId } from './table';

type Words = (inputs?: Record<string, never>, options?: { locale?: 'ru' | 'en' }) => string;

/** What a command does, in a few words. */
export function commandTitle(id: CommandId, locale?: 'ru' | 'en'): string {
  const words: Words = m[`command_${id}`];
  return locale === undefined ? words() : words({}, { locale });
}

export function groupTitle(group: CommandGroup): string {
  return m[`commands_${group}`]();
}

/** The commands under a heading. */
export function commandsOf(group: CommandGroup): typeof COMMANDS {
  return COMMANDS.filter((one) => one.group === group);
}
