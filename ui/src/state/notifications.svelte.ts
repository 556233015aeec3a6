/** What the operator is told of: worded here, shown by the system, and kept in a list. */
import type { Backend, Banner, BannerClick } from '../api/backend';
import type { ChatId } from '../api/generated/ChatId';
import type { BannerKey } from '../api/generated/BannerKey';
import type { Notification } from '../api/generated/Notification';
import type { NotificationChoices } from '../api/generated/NotificationChoices';
import type { NotificationKind } from '../api/generated/NotificationKind';
import type { NotificationLine } from '../api/generated/NotificationLine';
import type { Place } from '../api/generated/Place';
import type { NotificationSettings } from '../api/generated/NotificationSettings';
import { placeholderTitle } from '../format/entries';
import { plainText } from '../format/markup';
import { KINDS } from '../format/notifications';
import { duration } from '../format/time';
import { m } from '../paraglide/messages';
import { coalesced } from './reload';
import type { Sounds } from './sounds.svelte';
import type { Toasts } from './toasts.svelte';

/** A notification in words. */
export interface Words {
  heading: string;
  body: string;
}

const MINUTE_MS = 60_000;

/** What may not go away by itself. */
const URGENT: readonly NotificationKind[] = ['waits_in_queue', 'overdue'];

/** Where a click on a notification leads. */
export interface Leads {
  /** `reply` asks for the cursor where one writes. */
  chat: (chatId: ChatId, place: Place | null, reply: boolean) => void;
  late: () => void;
}

export class Notifications {
  /** What was told, the newest first; nothing before it is read. */
  lines = $state.raw<NotificationLine[]>([]);
  /** How it is told of what; none before it is read. */
  choices = $state.raw<NotificationChoices | null>(null);
  readonly nUnseen = $derived(this.lines.filter((line) => !line.is_seen).length);
  /** Whether the system took the last banner; none before there was any. */
  hasBanners = $state<boolean | null>(null);

  readonly #backend: Backend;
  readonly #toasts: Toasts;
  readonly #sounds: Sounds;
  readonly #leads: Leads;
  /** What was set and is not kept yet, in its order. */
  #setting: Promise<unknown> = Promise.resolve();
  #nSetting = 0;
  /** What is being done with a banner, by its key: the next waits for it. */
  readonly #turns = new Map<string, Promise<unknown>>();
  /** What was shown in the window last for want of a banner: its key, and which toast that is. */
  #toast: { name: string; id: number } | null = null;
  readonly reload: () => Promise<void>;

  constructor(backend: Backend, toasts: Toasts, sounds: Sounds, leads: Leads) {
    this.#backend = backend;
    this.#toasts = toasts;
    this.#sounds = sounds;
    this.#leads = leads;
    this.reload = coalesced(async () => {
      try {
        const [lines, choices] = await Promise.all([
          backend.notifications(),
          backend.notificationChoices(),
        ]);
        this.lines = lines;
        // What was set since is newer than what was read.
        if (this.#nSetting === 0) this.choices = choices;
      } catch {
        // Nobody is signed in.
        this.forget();
      }
    });
  }

  /** Nothing of one operator is for the next. */
  forget(): void {
    this.lines = [];
    this.choices = null;
  }

  /** Shows one and lets it be heard; where the system has no banners, it is shown in the window. */
  show(notification: Notification): void {
    if (notification.sound) this.#sounds.play(notification.what);
    if (!notification.banner) return;
    const { heading, body } = words(notification);
    const isOfOneChat = notification.key.about === 'chat';
    const banner = {
      key: notification.key,
      title: heading,
      body,
      chatId: notification.chat_id,
      place: notification.place,
      open: m.banner_open(),
      reply: isOfOneChat ? m.banner_reply() : null,
      isUrgent: URGENT.includes(notification.what),
    };
    void this.#put(banner).then((isShown) => {
      if (isShown) return;
      const id = this.#toasts.show(body === '' ? heading : `${heading}: ${body}`, {
        action: {
          label: m.banner_open(),
          run: () => this.follow({ ...banner, reply: false }),
        },
      });
      this.#toast = { name: nameOf(banner.key), id };
    });
  }

  /** Shows what a kind would look like; false if the system shows no banners. */
  sample(what: NotificationKind): Promise<boolean> {
    return this.#put({
      key: { about: 'sample', what },
      title: m.test_banner({ kind: KINDS[what].title() }),
      body: m.test_banner_hint(),
      chatId: null,
      place: null,
      open: m.banner_open(),
      reply: null,
      isUrgent: URGENT.includes(what),
    });
  }

  async #put(banner: Banner): Promise<boolean> {
    try {
      await this.#inTurn(banner.key, () => this.#backend.showBanner(banner));
      this.hasBanners = true;
    } catch {
      this.hasBanners = false;
    }
    return this.hasBanners;
  }

  /** Takes one from the screen, as when its chat is looked at: over that chat a toast would lie. */
  withdraw(key: BannerKey): void {
    void this.#inTurn(key, () => this.#backend.hideBanner(key))
      .catch(() => undefined)
      .then(() => {
        if (this.#toast?.name === nameOf(key)) this.#toasts.withdraw(this.#toast.id);
      });
  }

  /**
   * Does something with a banner after all that was begun with it: one that is taken away while it is on
   * its way to the screen would stay there, and one that is shown twice at once would stand there twice.
   */
  #inTurn(key: BannerKey, work: () => Promise<void>): Promise<void> {
    const name = nameOf(key);
    const before = this.#turns.get(name);
    const done = before === undefined ? work() : before.then(work);
    const turn = done
      .catch(() => undefined)
      .then(() => {
        if (this.#turns.get(name) === turn) this.#turns.delete(name);
      });
    this.#turns.set(name, turn);
    return done;
  }

  /** Goes where one leads. */
  follow({ key, chatId, place, reply }: BannerClick): void {
    if (chatId !== null) this.#leads.chat(chatId, place, reply);
    else if (key.about === 'late') this.#leads.late();
  }

  /** The list was looked at. */
  async see(): Promise<void> {
    const newest = this.lines[0];
    if (newest !== undefined && this.nUnseen > 0) {
      await this.#backend.seeNotifications(newest.position);
    }
  }

  /** The operator wants to be told so from now on. */
  async set(settings: NotificationSettings): Promise<void> {
    // At once, so that what is set next begins with it.
    if (this.choices !== null) {
      const { kinds } = this.choices;
      this.choices = {
        settings,
        kinds: kinds.map((kind) => ({ ...kind, alert: settings.kinds[kind.what] ?? kind.usual })),
      };
    }
    this.#nSetting += 1;
    const kept = this.#setting.then(() => this.#backend.setNotificationSettings(settings));
    this.#setting = kept.catch(() => undefined);
    try {
      await kept;
    } finally {
      this.#nSetting -= 1;
      await this.reload();
    }
  }
}

/** A banner's key as the key of a map. */
function nameOf(key: BannerKey): string {
  return JSON.stringify(key);
}

/** What a notification says. */
export function words(notification: Notification): Words {
  const { what, title, placeholder, text, n, minutes, key } = notification;
  const kind = placeholder === null ? '' : placeholderTitle(placeholder);
  const said = [kind, plainText(text)].filter((part) => part !== '').join(': ');
  if (key.about === 'several') {
    return { heading: m.banner_several({ count: n, n }), body: m.banner_several_hint() };
  }
  if (what === 'overdue') {
    return { heading: m.late_title(), body: m.late_banner({ count: n, n, minutes }) };
  }
  const name = title ?? m.no_name();
  if (what === 'waits_in_queue') {
    const more = n > 1 ? m.banner_waits_more({ count: n - 1, n: n - 1 }) : '';
    const first = m.banner_waits_for({ name, age: duration(Math.max(minutes, 1) * MINUTE_MS) });
    return { heading: m.banner_waits(), body: [first, more].filter((one) => one !== '').join(' ') };
  }
  if (what === 'connection_lost') {
    return { heading: m.banner_connection(), body: m.banner_connection_hint() };
  }
  if (what === 'channel_down') {
    return { heading: m.banner_channel({ name }), body: m.banner_channel_hint() };
  }
  return { heading: HEADINGS[what](name), body: said };
}

type OfChats = Exclude<
  NotificationKind,
  'waits_in_queue' | 'overdue' | 'connection_lost' | 'channel_down'
>;

/** What stands above the text of one that is about a chat. */
const HEADINGS: Record<OfChats, (name: string) => string> = {
  mention: (name) => m.banner_mention({ name }),
  given: (name) => m.banner_given({ name }),
  reopened: (name) => m.banner_reopened({ name }),
  not_delivered: (name) => m.banner_not_delivered({ name }),
  suggested: (name) => m.banner_suggested({ name }),
  new_message: (name) => name,
  new_in_queue: (name) => m.banner_new_in_queue({ name }),
  observed: (name) => m.banner_observed({ name }),
};
