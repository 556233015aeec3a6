/** A desktop in memory: what is chosen for it, and what it wishes. */
import type { DesktopChange, DesktopView, Link, Wish } from './desktop';

export class MemoryDesktop {
  view: DesktopView = {
    close: null,
    autostart: false,
    alwaysOnTop: false,
    docked: false,
    raise: null,
    oldest: null,
    can: { tray: true, place: true, keys: true },
  };
  link: Link | null = null;
  /** Keys that another program has. */
  taken: string[] = ['Super+KeyL'];
  readonly listeners = new Set<(wish: Wish) => void>();

  change(change: DesktopChange): DesktopView {
    switch (change.what) {
      case 'close':
        this.view = { ...this.view, close: change.closing };
        break;
      case 'autostart':
        this.view = { ...this.view, autostart: change.on };
        break;
      case 'always_on_top':
        this.view = { ...this.view, alwaysOnTop: change.on };
        break;
      case 'docked':
        this.view = { ...this.view, docked: change.on };
        break;
      case 'key': {
        const { key, keys } = change;
        if (keys !== null && this.taken.includes(keys)) throw shellError('key_taken');
        if (keys?.includes('Ctrl+Alt+Key') === true) throw shellError('key_unusable');
        this.view = { ...this.view, [key]: keys === null ? null : { keys, isHeld: true } };
        break;
      }
    }
    return this.view;
  }

  takeLink(): Link | null {
    const { link } = this;
    this.link = null;
    return link;
  }

  /** The desktop wishes something. */
  wish(wish: Wish): void {
    for (const listener of this.listeners) listener(wish);
  }
}

function shellError(code: string): Error {
  return Object.assign(new Error(code), { code });
}
