import { createRawSnippet, flushSync, mount, unmount } from 'svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import VirtualList, { type ListView } from './VirtualList.svelte';

/** How high a row is, and the view. */
const ROW = 40;
const VIEW = 400;
const N_ROWS = 100;

/** How high everything is drawn. */
let height = N_ROWS * ROW;
let list: ReturnType<typeof mount> | null = null;

beforeEach(() => {
  height = N_ROWS * ROW;
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(VIEW);
  vi.spyOn(HTMLElement.prototype, 'scrollHeight', 'get').mockImplementation(() => height);
  vi.spyOn(HTMLElement.prototype, 'getBoundingClientRect').mockReturnValue(
    new DOMRect(0, 0, VIEW, ROW),
  );
});

afterEach(async () => {
  if (list !== null) await unmount(list);
  list = null;
  vi.restoreAllMocks();
});

describe('a history', () => {
  it('goes on being scrolled after it grew without a word', () => {
    const seen: ListView[] = [];
    list = mount(VirtualList<{ key: string }>, {
      target: document.body,
      props: {
        rows: Array.from({ length: N_ROWS }, (_, index) => ({ key: String(index) })),
        estimate: () => ROW,
        row: createRawSnippet<[{ key: string }, number]>((row) => ({
          render: () => `<p>${row().key}</p>`,
        })),
        label: 'history',
        initial: 'end',
        isHistory: true,
        onview: (view) => seen.push(view),
      },
    });
    flushSync();
    const scroller = document.querySelector<HTMLElement>('[role="log"]');
    if (scroller === null) throw new Error('there is no list');
    const scrollTo = (top: number): void => {
      scroller.scrollTop = top;
      scroller.dispatchEvent(new Event('scroll'));
      flushSync();
    };
    expect(scroller.scrollTop).toBe(height - VIEW);
    expect(seen.at(-1)?.first).toBe(90);

    // Something became higher, and nobody was told: what is read stays where it is.
    height += 36;
    scrollTo(3200);
    expect(scroller.scrollTop).toBe(N_ROWS * ROW - VIEW);
    scrollTo(3200);
    expect(seen.at(-1)?.first).toBe(80);
    expect(scroller.scrollTop).toBe(3200);
  });
});
