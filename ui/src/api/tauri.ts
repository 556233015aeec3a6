/** The panel behind the desktop shell. The one file of the page that knows Tauri. */
import { invoke } from '@tauri-apps/api/core';
import { listen } from '@tauri-apps/api/event';

import type { Backend, BannerClick } from './backend';
import type { Wish } from './desktop';
import type { PanelEvent } from './generated/PanelEvent';
import type { SignInFailure } from './generated/SignInFailure';
import { overviews } from './overview';

/** The shell's commands, one to one. */
export const tauriBackend: Backend = {
  overview: overviews((known) => invoke('overview', { known })),
  timeline: (chatId, before, limit, atLeast) =>
    invoke('timeline', { chatId, before, limit, atLeast }),
  reply: (chatId, text, seen) => invoke('reply', { chatId, text, seen }),
  comment: (chatId, text, mentions, seen) => invoke('comment', { chatId, text, mentions, seen }),
  act: (chatId, deed) => invoke('act', { chatId, deed }),
  reopenChat: (chatId, found) => invoke('reopen_chat', { chatId, found }),
  search: (query) => invoke('search', { query }),
  archive: (query) => invoke('archive', { query }),
  archived: (chatId, before, limit) => invoke('archived', { chatId, before, limit }),
  card: (chatId) => invoke('card', { chatId }),
  readyAnswers: () => invoke('ready_answers'),
  putReadyAnswer: (id, body) => invoke('put_ready_answer', { id, body }),
  deleteReadyAnswer: (id) => invoke('delete_ready_answer', { id }),
  exportReadyAnswers: (scope, language) => invoke('export_ready_answers', { scope, language }),
  importReadyAnswers: (scope, table, preview) =>
    invoke('import_ready_answers', { scope, table, preview }),
  figures: (query) => invoke('figures', { query }),
  setChannelPhone: (id, phone) => invoke('set_channel_phone', { id, phone }),
  automaticTexts: () => invoke('automatic_texts'),
  putAutomaticTexts: (texts) => invoke('put_automatic_texts', { texts }),
  workingHours: () => invoke('working_hours'),
  putWorkingHours: (hours) => invoke('put_working_hours', { hours }),
  directions: () => invoke('directions'),
  putDirections: (rules) => invoke('put_directions', { rules }),
  tryDirections: (trial) => invoke('try_directions', { trial }),
  administer: (what) => invoke('administer', { what }),
  managedOperators: () => invoke('managed_operators'),
  sessions: (all) => invoke('sessions', { all }),
  channelHealth: () => invoke('channel_health'),
  managedIntegrations: () => invoke('managed_integrations'),
  audit: (query) => invoke('audit', { query }),
  chats: (query) => invoke('chats', { query }),
  workload: () => invoke('workload'),
  oversee: (on) => invoke('oversee', { on }),
  actOn: (chats, deed) => invoke('act_on', { chats, deed }),
  outcomes: (commandIds) => invoke('outcomes', { commandIds }),
  takeAllBack: (commandIds) => invoke('take_all_back', { commandIds }),
  takeBack: (commandId) => invoke('take_back', { commandId }),
  sendAnyway: (commandId) => invoke('send_anyway', { commandId }),
  dismissHeld: (commandId) => invoke('dismiss_held', { commandId }),
  discardShell: (chatId) => invoke('discard_shell', { chatId }),
  setDraft: (chatId, mode, text, mentions, seen) =>
    invoke('set_draft', { chatId, mode, text, mentions, seen }),
  focusComposer: (chatId, mode) => invoke('focus_composer', { chatId, mode }),
  leaveComposer: (chatId, mode) => invoke('leave_composer', { chatId, mode }),
  takeElsewhere: (chatId, mode) => invoke('take_elsewhere', { chatId, mode }),
  dropElsewhere: (chatId, mode) => invoke('drop_elsewhere', { chatId, mode }),
  markRead: (chatId, place) => invoke('mark_read', { chatId, place }),
  watch: (chatId, inFront, typing) => invoke('watch', { chatId, inFront, typing }),
  used: () => invoke('used'),
  onlookers: () => invoke('onlookers'),
  setAway: (away) => invoke('set_away', { away }),
  signIn: async (address, login, password) => {
    try {
      await invoke('sign_in', { address, login, password });
      return null;
    } catch (failure) {
      if (isSignInFailure(failure)) return failure;
      throw failure;
    }
  },
  signOut: (force) => invoke('sign_out', { force }),
  signOutAndErase: () => invoke('sign_out_and_erase'),
  historyKept: () => invoke('history_kept'),
  keepHistory: (kept) => invoke('keep_history', { kept }),
  lastSignIn: () => invoke('last_sign_in'),
  reconnect: () => invoke('reconnect'),
  showBanner: (banner) => invoke('show_banner', { banner }),
  hideBanner: (key) => invoke('hide_banner', { key }),
  notifications: () => invoke('notifications'),
  seeNotifications: (position) => invoke('see_notifications', { position }),
  notificationChoices: () => invoke('notification_choices'),
  setNotificationSettings: (settings) => invoke('set_notification_settings', { settings }),
  setBadge: (badge) => invoke('set_badge', { badge }),
  desktop: () => invoke('desktop'),
  changeDesktop: (change) => invoke('change_desktop', { change }),
  hideWindow: () => invoke('hide_window'),
  takeLink: () => invoke('take_link'),
  openLink: (url) => invoke('open_link', { url }),
  saveText: (suggestedName, contents) => invoke('save_text', { suggestedName, contents }),
  saveBytes: (suggestedName, contents) =>
    invoke('save_bytes', { suggestedName, contents: [...contents] }),
  quit: () => invoke('quit'),
  onEvents: (listener) => listen<PanelEvent[]>('panel', (event) => listener(event.payload)),
  onWish: (listener) => listen<Wish>('desktop', (event) => listener(event.payload)),
  onBannerClicked: (listener) =>
    listen<BannerClick>('banner-clicked', (event) => listener(event.payload)),
};

function isSignInFailure(value: unknown): value is SignInFailure {
  return typeof value === 'object' && value !== null && 'why' in value;
}
