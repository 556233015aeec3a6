/** What page and desktop tell each other: the window, the tray, system-wide keys, links. */
import type { ChatId } from './generated/ChatId';

/** How many clients wait and how the panel is: what window, tray and taskbar show of it. */
export interface Badge {
  n: number;
  /** The window's title. */
  title: string;
  sign: Sign;
  tooltip: string;
  /** The tray's menu; none is a line between two parts. */
  menu: (TrayLine | null)[];
}

export type Sign = 'live' | 'catching_up' | 'offline';

export interface TrayLine {
  id: TrayDeed;
  label: string;
  isEnabled: boolean;
  /** None if it cannot be checked. */
  isChecked: boolean | null;
}

/** What can be chosen in the tray. The shell does `open` and `quit` itself. */
export type TrayDeed =
  | 'open'
  | 'online'
  | 'away'
  | 'quiet_half_hour'
  | 'quiet_hour'
  | 'quiet_tomorrow'
  | 'quiet_off'
  | 'quit';

/** What closing the window means. */
export type Closing = 'tray' | 'quit';

/** Which system-wide key: the one that shows the window, or that of the oldest chat. */
export type GlobalKey = 'raise' | 'oldest';

/** What was chosen for this desktop, and what it can do. */
export interface DesktopView {
  /** None until it was asked. */
  close: Closing | null;
  /** Whether the panel starts with the session; none where it does not do so. */
  autostart: boolean | null;
  alwaysOnTop: boolean;
  docked: boolean;
  raise: KeyView | null;
  oldest: KeyView | null;
  can: {
    /** Show an icon of a window that is hidden. */
    tray: boolean;
    /** Let a program say where its window is. */
    place: boolean;
    /** Give keys that work wherever one is. */
    keys: boolean;
  };
}

/** A system-wide key. */
export interface KeyView {
  keys: string;
  /** Whether the system has given it; another program may have it. */
  isHeld: boolean;
}

export type DesktopChange =
  | { what: 'close'; closing: Closing }
  | { what: 'autostart' | 'always_on_top' | 'docked'; on: boolean }
  | { what: 'key'; key: GlobalKey; keys: string | null };

/** What comes from the desktop and is the page's to do. */
export type Wish =
  | { wish: 'tray'; id: string }
  /** The window is being closed, and what that means was never said. */
  | { wish: 'close' }
  /** The chat that has waited longest is to be opened. */
  | { wish: 'oldest' }
  /** A link waits to be fetched. */
  | { wish: 'link' }
  /** What the desktop can do has changed. */
  | { wish: 'changed' };

/** Where a link leads. */
export type Link = { to: 'chat'; chatId: ChatId } | { to: 'nowhere' };
