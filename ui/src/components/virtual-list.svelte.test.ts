import { createRawSnippet, flushSync, mount, unmount } from 'svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import VirtualList, { type ListView } from './VirtualList.svelte';

/** How high a row is unless it is said otherwise, and the view. */
const ROW = 40;
const VIEW = 400;
const N_ROWS = 100;

/** How high everything is drawn. */
let height: number;
/** How high a row is drawn. */
let heightOf: (key: string) => number;
let list: ReturnType<typeof mount> | null = null;

beforeEach(() => {
  height = N_ROWS * ROW;
  heightOf = () => ROW;
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(VIEW);
  vi.spyOn(HTMLElement.prototype, 'scrollHeight', 'get').mockImplementation(() => height);
  vi.spyOn(HTMLElement.prototype, 'getBoundingClientRect').mockImplementation(function (
    this: HTMLElement,
  ) {
    return new DOMRect(0, 0, VIEW, heightOf(this.dataset['row'] ?? ''));
  });
});

afterEach(async () => {
  if (list !== null) await unmount(list);
  list = null;
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** A history of rows, at its end. */
class History {
  readonly seen: ListView[] = [];
  readonly props = $state({
    rows: keys(0, N_ROWS),
    estimate: () => ROW,
    row: createRawSnippet<[{ key: string }, number]>((row) => ({
      render: () => `<p>${row().key}</p>`,
    })),
    label: 'history',
    initial: 'end' as const,
    isHistory: true,
    isSeen: true,
    onview: (view: ListView) => this.seen.push(view),
  });
  readonly scroller: HTMLElement;

  constructor() {
    list = mount(VirtualList<{ key: string }>, { target: document.body, props: this.props });
    flushSync();
    const scroller = document.querySelector<HTMLElement>('[role="log"]');
    if (scroller === null) throw new Error('there is no list');
    this.scroller = scroller;
  }

  scrollTo(top: number): void {
    this.scroller.scrollTop = top;
    this.scroller.dispatchEvent(new Event('scroll'));
    flushSync();
  }

  /** How far below the view's top a row is drawn. */
  offsetOf(key: string): number {
    const body = this.scroller.firstElementChild as HTMLElement;
    let top = parseFloat(body.style.paddingTop);
    for (const row of body.children) {
      const at = (row as HTMLElement).dataset['row'] ?? '';
      if (at === key) return top - this.scroller.scrollTop;
      top += heightOf(at);
    }
    throw new Error(`row ${key} is not drawn`);
  }
}

/** Rows that are called by numbers, which may be negative. */
function keys(from: number, until: number): { key: string }[] {
  return Array.from({ length: until - from }, (_, index) => ({ key: String(from + index) }));
}

describe('a history', () => {
  it('goes on being scrolled after it grew without a word', () => {
    const history = new History();
    expect(history.scroller.scrollTop).toBe(height - VIEW);
    expect(history.seen.at(-1)?.first).toBe(90);

    // Something became higher, and nobody was told: what is read stays where it is.
    height += 36;
    history.scrollTo(3200);
    expect(history.scroller.scrollTop).toBe(N_ROWS * ROW - VIEW);
    history.scrollTo(3200);
    expect(history.seen.at(-1)?.first).toBe(80);
    expect(history.scroller.scrollTop).toBe(3200);
  });

  it('keeps what is read where it is while older rows come, however high they turn out', () => {
    heightOf = (key) => 20 + (Math.abs(Number(key) * 7919) % 90);
    const history = new History();
    history.scrollTo(2000);
    let oldest = 0;
    for (let n = 0; n < 40; n += 1) {
      const read = history.props.rows[history.seen.at(-1)?.first ?? 0]?.key ?? '';
      const offset = history.offsetOf(read);
      oldest -= 1 + (n % 30);
      history.props.rows = keys(oldest, N_ROWS);
      flushSync();
      expect(history.offsetOf(read)).toBe(offset);
      // As the reader scrolls on, what comes into the view above pushes nothing away.
      history.scrollTo(history.scroller.scrollTop - 150);
      expect(history.offsetOf(read)).toBe(offset + 150);
    }
  });

  it('draws and asks for nothing beyond its view until it has been seen for a moment', () => {
    vi.useFakeTimers();
    const history = new History();
    const nDrawn = (): number => history.scroller.firstElementChild?.children.length ?? 0;
    const isNearStart = (): boolean | undefined => history.seen.at(-1)?.isNearStart;
    history.props.isSeen = false;
    history.props.rows = keys(0, 20);
    flushSync();
    vi.advanceTimersByTime(10_000);
    flushSync();
    expect(nDrawn()).toBe(VIEW / ROW);
    expect(isNearStart()).toBe(false);

    history.props.isSeen = true;
    flushSync();
    expect(nDrawn()).toBe(VIEW / ROW);
    vi.runOnlyPendingTimers();
    flushSync();
    expect(nDrawn()).toBe(20);
    expect(isNearStart()).toBe(true);
  });

  it('does so at once where somebody scrolls', () => {
    vi.useFakeTimers();
    const history = new History();
    history.scrollTo(800);
    expect(history.seen.at(-1)?.isNearStart).toBe(true);
    expect(history.offsetOf('10')).toBe(-400);
  });
});
