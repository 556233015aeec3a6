/** How the panel sits on its desktop: what the tray shows and does, closing, links, system-wide keys. */
import { untrack } from 'svelte';

import type { Badge, Closing, DesktopChange, DesktopView, Link, Sign, Wish } from '../api/desktop';
import type { TrayDeed, TrayLine } from '../api/desktop';
import type { ChatId } from '../api/generated/ChatId';
import { clock } from '../format/time';
import { m } from '../paraglide/messages';
import type { PanelState } from './panel.svelte';
import { panelErrorText } from './problems';

const MINUTE = 60_000;
/** When tomorrow begins for whoever does not want to be disturbed until then. */
const MORNING_HOUR = 8;

export class DesktopState {
  /** None before it is read. */
  view = $state.raw<DesktopView | null>(null);
  /** Whether it is asked what closing the window means. */
  isAskingToClose = $state(false);
  /** Where a link leads that was not followed yet. */
  #link = $state.raw<Link | null>(null);

  readonly #panel: PanelState;

  /** What window, tray and taskbar show: the one place from which they all have it. */
  readonly badge: Badge = $derived.by(() => ({
    n: this.#panel.nOnBadge,
    title: this.#panel.title,
    sign: this.#sign,
    tooltip: this.#tooltip,
    menu: this.#menu,
  }));

  readonly #sign: Sign = $derived.by(() => {
    const { session, overview } = this.#panel;
    const state = overview?.connection.state;
    if (session === null || state === undefined) return 'offline';
    return state === 'live' || state === 'catching_up' ? state : 'offline';
  });

  /** Until when it is quiet by hand; none if it is not. */
  readonly #quietUntil = $derived.by(() => {
    const until = this.#panel.notifications.choices?.settings.quiet_until ?? null;
    return until !== null && until > this.#panel.clock.now ? until : null;
  });

  readonly #tooltip = $derived.by(() => {
    if (this.#panel.session === null) return m.tray_signed_out();
    const words = { live: m.connection_live, catching_up: m.connection_catching_up };
    const connection = this.#sign === 'offline' ? m.connection_offline() : words[this.#sign]();
    if (this.#quietUntil === null) return connection;
    return `${connection} · ${m.tray_quiet({ until: clock(this.#quietUntil) })}`;
  });

  readonly #menu = $derived.by((): (TrayLine | null)[] => {
    const panel = this.#panel;
    const line = (
      id: TrayDeed,
      label: string,
      { isEnabled = true, isChecked = null }: Partial<TrayLine> = {},
    ): TrayLine => ({ id, label, isEnabled, isChecked });
    const open = line('open', m.tray_open());
    const quit = line('quit', m.tray_quit());
    if (panel.session === null) return [open, null, quit];
    const until = this.#quietUntil;
    const off = until === null ? m.tray_quiet_off() : m.tray_quiet_off_at({ until: clock(until) });
    const isEnabled = panel.isLive;
    return [
      open,
      null,
      line('online', m.own_here(), { isEnabled, isChecked: !panel.isAwayByHand }),
      line('away', m.own_away(), { isEnabled, isChecked: panel.isAwayByHand }),
      null,
      line('quiet_half_hour', m.tray_quiet_half_hour()),
      line('quiet_hour', m.tray_quiet_hour()),
      line('quiet_tomorrow', m.tray_quiet_tomorrow()),
      line('quiet_off', off, { isEnabled: until !== null }),
      null,
      quit,
    ];
  });

  constructor(panel: PanelState) {
    this.#panel = panel;
  }

  /** Listens and reads until the answer is called. */
  start(): () => void {
    const ending = this.#panel.backend.onWish((wish) => this.#hear(wish));
    const end = $effect.root(() => {
      $effect(() => {
        document.title = this.badge.title;
        void this.#panel.backend.setBadge(this.badge).catch(() => undefined);
      });
      $effect(() => this.#follow());
    });
    void this.#reload();
    void this.#takeLink();
    return () => {
      end();
      void ending.then((unlisten) => unlisten());
    };
  }

  /** Changes something; answers in words why not, or nothing. */
  async change(change: DesktopChange): Promise<string | null> {
    try {
      this.view = await this.#panel.backend.changeDesktop(change);
      return null;
    } catch (error) {
      await this.#reload();
      return errorText(error);
    }
  }

  /** It was said what closing the window means. */
  async close(closing: Closing): Promise<void> {
    this.isAskingToClose = false;
    const { backend } = this.#panel;
    await this.change({ what: 'close', closing });
    await this.#panel.attempt(() => (closing === 'tray' ? backend.hideWindow() : backend.quit()));
  }

  #hear(wish: Wish): void {
    switch (wish.wish) {
      case 'tray':
        void this.#choose(wish.id);
        break;
      case 'close':
        this.isAskingToClose = true;
        break;
      case 'oldest':
        this.#openOldest();
        break;
      case 'link':
        void this.#takeLink();
        break;
      case 'changed':
        void this.#reload();
        break;
    }
  }

  async #reload(): Promise<void> {
    this.view = await this.#panel.backend.desktop().catch(() => null);
  }

  async #choose(id: string): Promise<void> {
    const now = Date.now();
    switch (id) {
      case 'online':
      case 'away':
        await this.#panel.setAway(id === 'away');
        break;
      case 'quiet_half_hour':
        await this.#quiet(now + 30 * MINUTE);
        break;
      case 'quiet_hour':
        await this.#quiet(now + 60 * MINUTE);
        break;
      case 'quiet_tomorrow':
        await this.#quiet(tomorrow(now));
        break;
      case 'quiet_off':
        await this.#quiet(null);
        break;
    }
  }

  async #quiet(until: number | null): Promise<void> {
    const { notifications } = this.#panel;
    await this.#panel.attempt(async () => {
      const { settings } = await this.#panel.backend.notificationChoices();
      await notifications.set({ ...settings, quiet_until: until });
    });
  }

  #openOldest(): void {
    if (this.#panel.session === null) return;
    const oldest = this.#panel.nextWaiting('');
    if (oldest === null) this.#panel.toasts.show(m.nobody_waits());
    else void this.#panel.open(oldest, null, true);
  }

  async #takeLink(): Promise<void> {
    const link = await this.#panel.backend.takeLink().catch(() => null);
    if (link !== null) this.#link = link;
  }

  /** Follows the link as soon as it is known where it leads. */
  #follow(): void {
    const link = this.#link;
    const { session, overview, toasts } = this.#panel;
    if (link === null) return;
    if (link.to === 'nowhere') {
      this.#link = null;
      untrack(() => toasts.show(m.link_nowhere(), { severity: 'bad' }));
    } else if (session !== null && overview !== null) {
      const { in_work, observed, queued, connection } = overview;
      const isListed = [...in_work, ...observed, ...queued].some(
        ({ chat }) => chat.id === link.chatId,
      );
      // What is still to come may bring it.
      if (!isListed && connection.state === 'catching_up') return;
      this.#link = null;
      untrack(() => {
        if (isListed) void this.#panel.open(link.chatId);
        else void this.#openOthers(link.chatId);
      });
    }
  }

  /** A chat that is not among one's own: supervisors may see it. */
  async #openOthers(chatId: ChatId): Promise<void> {
    const { backend, isSupervisor, oversight, toasts } = this.#panel;
    const found = isSupervisor ? await backend.chats({ ids: chatId }).catch(() => null) : null;
    const chat = found?.chats[0];
    if (chat === undefined) {
      toasts.show(m.link_no_chat(), { severity: 'bad' });
      return;
    }
    oversight.show();
    oversight.read(chat);
  }
}

/** The next morning. */
function tomorrow(now: number): number {
  const day = new Date(now);
  day.setDate(day.getDate() + 1);
  return day.setHours(MORNING_HOUR, 0, 0, 0);
}

function errorText(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : null;
  switch (code) {
    case 'key_taken':
      return m.desktop_key_taken();
    case 'key_unusable':
      return m.desktop_key_unusable();
    case 'no_autostart':
      return m.desktop_no_autostart();
    case 'not_placed':
      return m.desktop_not_placed();
    case 'not_kept':
      return m.desktop_not_kept();
    default:
      return panelErrorText(error);
  }
}
