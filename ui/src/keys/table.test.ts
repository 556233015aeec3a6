import { describe, expect, it } from 'vitest';

import en from '../../messages/en.json';
import ru from '../../messages/ru.json';
import type { Backend } from '../api/backend';
import type { ChatDeed } from '../api/generated/ChatDeed';
import type { OverseerDeed } from '../api/generated/OverseerDeed';
import { PLACES } from '../state/places';
import { forbidden, isSingle, parseChord } from './chords';
import { type CommandId, COMMANDS, GROUPS } from './table';

const words: Record<string, Record<string, unknown>> = { ru, en };

/** What an operator does by a command of the table. */
type Reached =
  | readonly CommandId[]
  /** The page reads or tells it by itself; nobody asks for it. */
  | 'by itself'
  /** A form of a section that `management` and the palette lead to, with fields and buttons. */
  | 'in a section';

/** Everything that the page can ask of the panel. What is new here has to say how it is reached. */
const ACTIONS: Record<keyof Backend, Reached> = {
  overview: 'by itself',
  timeline: 'by itself',
  reply: ['send'],
  comment: ['comment', 'send'],
  act: ['transfer', 'close'],
  reopenChat: ['reopen'],
  search: ['search'],
  archive: ['archive'],
  archived: ['open'],
  card: ['card'],
  readyAnswers: ['answer'],
  putReadyAnswer: 'in a section',
  deleteReadyAnswer: ['delete_answer'],
  exportReadyAnswers: 'in a section',
  importReadyAnswers: 'in a section',
  figures: ['supervision'],
  setChannelPhone: 'in a section',
  automaticTexts: 'in a section',
  putAutomaticTexts: 'in a section',
  workingHours: 'in a section',
  putWorkingHours: 'in a section',
  directions: 'in a section',
  putDirections: 'in a section',
  tryDirections: 'in a section',
  administer: 'in a section',
  managedOperators: 'in a section',
  sessions: 'in a section',
  channelHealth: 'in a section',
  managedIntegrations: 'in a section',
  audit: 'in a section',
  chats: ['supervision', 'search'],
  workload: ['supervision'],
  oversee: 'by itself',
  actOn: ['choose', 'choose_range', 'choose_all'],
  outcomes: 'by itself',
  takeAllBack: ['undo'],
  takeBack: ['undo'],
  sendAnyway: ['refused'],
  dismissHeld: ['refused'],
  discardShell: ['group_shells', 'refused'],
  setDraft: 'by itself',
  focusComposer: 'by itself',
  leaveComposer: 'by itself',
  takeElsewhere: ['refused'],
  dropElsewhere: ['refused'],
  markRead: 'by itself',
  watch: 'by itself',
  used: 'by itself',
  onlookers: 'by itself',
  setAway: ['away'],
  signIn: 'by itself',
  signOut: ['sign_out'],
  signOutAndErase: 'in a section',
  historyKept: 'by itself',
  keepHistory: 'in a section',
  lastSignIn: 'by itself',
  reconnect: ['reconnect'],
  showBanner: 'by itself',
  setBadge: 'by itself',
  desktop: 'by itself',
  changeDesktop: 'in a section',
  hideWindow: 'by itself',
  takeLink: 'by itself',
  onWish: 'by itself',
  openLink: 'by itself',
  saveText: 'in a section',
  saveBytes: 'in a section',
  quit: ['quit'],
  onEvents: 'by itself',
  onBannerClicked: 'by itself',
  hideBanner: 'by itself',
  notifications: ['notifications'],
  seeNotifications: ['notifications'],
  notificationChoices: 'by itself',
  setNotificationSettings: ['quiet', 'settings'],
};

/** Everything that can be done with a chat as a whole. */
const DEEDS: Record<ChatDeed['deed'], CommandId> = {
  leave: 'leave',
  transfer: 'transfer',
  close: 'close',
  return_to_queue: 'return_to_queue',
  assign: 'transfer',
  set_observers: 'observers',
  no_answer_needed: 'no_answer',
  tell_only_addressed: 'only_addressed',
  name_client: 'card',
  note_client: 'card',
};

/** The same with everybody's chats. */
const OVERSEER_DEEDS: Record<OverseerDeed['deed'], CommandId> = {
  give: 'transfer',
  return_to_queue: 'return_to_queue',
  close: 'close',
  reopen: 'reopen',
  set_observers: 'observers',
  comment: 'comment',
};

describe('the table of commands', () => {
  const ids = new Set(COMMANDS.map(({ id }) => id));

  it('covers everything that can be asked of the panel', () => {
    for (const [action, reached] of Object.entries(ACTIONS)) {
      if (typeof reached === 'string') continue;
      expect(reached.length, action).toBeGreaterThan(0);
      for (const id of reached) expect(ids, action).toContain(id);
    }
    for (const id of [...Object.values(DEEDS), ...Object.values(OVERSEER_DEEDS)]) {
      expect(ids).toContain(id);
    }
  });

  it('leads to every place beside the rail', () => {
    const leads: Record<(typeof PLACES)[number], CommandId> = {
      chats: 'group_in_work',
      archive: 'archive',
      supervision: 'supervision',
      management: 'management',
    };
    for (const place of PLACES) expect(ids).toContain(leads[place]);
  });

  it.each(COMMANDS.map((command) => [command.id, command] as const))(
    '%s has words in both languages and a heading',
    (id, { group }) => {
      for (const [language, messages] of Object.entries(words)) {
        expect(messages[`command_${id}`], language).toBeTypeOf('string');
        expect(messages[`commands_${group}`], language).toBeTypeOf('string');
      }
      expect(GROUPS).toContain(group);
    },
  );

  it('has no words for what is not in it', () => {
    for (const messages of Object.values(words)) {
      const named = Object.keys(messages).filter((key) => key.startsWith('command_'));
      expect(named.map((key) => key.slice('command_'.length)).sort()).toEqual([...ids].sort());
    }
  });

  it.each(COMMANDS.map((command) => [command.id, command] as const))(
    '%s has keys that may be had',
    (_, { keys, isFixed, typed }) => {
      for (const chord of keys) {
        expect(parseChord(chord), chord).not.toBeNull();
        // What belongs to fields and lists as such is what nobody can give to something else.
        if (isFixed) expect(forbidden(chord), chord).not.toBeNull();
        else expect(forbidden(chord), chord).toBeNull();
      }
      if (typed !== null) expect([...typed]).toHaveLength(1);
    },
  );

  it.each(COMMANDS.map((command) => [command.id, command] as const))(
    '%s is not reached only by what types characters or changes the layout',
    (_, { keys, isFixed }) => {
      expect(keys.some((chord) => /Ctrl\+Alt/u.test(chord))).toBe(false);
      const plain = keys.filter((chord) => !/(?:Ctrl|Alt)\+Shift/u.test(chord));
      if (keys.length > 0) expect(plain).not.toEqual([]);
      // Single letters can be switched off, so another key or the palette has to be there too.
      if (!isFixed && plain.some(isSingle))
        expect(plain.some((chord) => !isSingle(chord))).toBe(true);
    },
  );

  it('gives no key to two commands', () => {
    const taken = new Map<string, CommandId>();
    for (const { id, keys, isFixed } of COMMANDS) {
      if (isFixed) continue;
      for (const chord of keys) {
        expect(taken.get(chord), chord).toBeUndefined();
        taken.set(chord, id);
      }
    }
  });

  it('gives no key of lists and fields to two of the same place', () => {
    const taken = new Set<string>();
    for (const { where, keys, isFixed } of COMMANDS) {
      if (!isFixed) continue;
      for (const chord of keys) {
        expect(taken, chord).not.toContain(`${where} ${chord}`);
        taken.add(`${where} ${chord}`);
      }
    }
  });
});
