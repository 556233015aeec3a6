/**
 * Keeps the focus in the page. What had it may go, by what somebody else did or by what was done with
 * it: its row leaves the list, its strip has been seen to, its button is of no use any more. The
 * platform then gives the focus to nothing, and whoever works by the keyboard or listens is lost. Here
 * it goes on to what stands in its place.
 */
import { enter, focus, regionOf, tabbables } from './places';

/** Where whoever has lost the focus is looked for, the likeliest first. */
const LAST_RESORTS = ['composer', 'list', 'page', 'rail'];

/** Keeps it until the answer is called. */
export function keepFocus(): () => void {
  let held: HTMLElement | null = null;
  /** Where what had it stood. */
  let gap: Gap | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function onfocusin({ target }: FocusEvent): void {
    if (!(target instanceof HTMLElement) || target === document.body) return;
    held = target;
    gap = null;
  }

  // A click on what takes no focus lets go of it, and is meant to.
  function onpointerdown({ target }: PointerEvent): void {
    if (target instanceof Element && tabbables(target).length === 0) held = null;
  }

  function settle(): void {
    timer = undefined;
    const from = gap;
    gap = null;
    if (from === null || hasFocus()) return;
    held = null;
    from.goOn();
  }

  const changes = new MutationObserver((records) => {
    if (held === null) return;
    for (const record of records) {
      if (gap === null) gap = gapIn(record, held);
      else gap.shift(record);
    }
    // Whoever has changed the page may have a better place for it, and says so at once.
    if (gap !== null && timer === undefined) timer = setTimeout(settle, 0);
  });
  changes.observe(document.body, {
    childList: true,
    subtree: true,
    attributes: true,
    attributeFilter: ['disabled'],
  });
  document.addEventListener('focusin', onfocusin);
  document.addEventListener('pointerdown', onpointerdown);
  return () => {
    clearTimeout(timer);
    changes.disconnect();
    document.removeEventListener('focusin', onfocusin);
    document.removeEventListener('pointerdown', onpointerdown);
  };
}

function hasFocus(): boolean {
  const { activeElement: active } = document;
  return (
    active !== null &&
    active !== document.body &&
    active.isConnected &&
    !active.matches(':disabled')
  );
}

/** Where something stood that had the focus and cannot have it any more; none if it still can. */
function gapIn(record: MutationRecord, held: HTMLElement): Gap | null {
  if (record.type === 'attributes') {
    if (record.target !== held || !held.matches(':disabled')) return null;
    return new Gap(held, held.parentElement, held.previousSibling, held.nextSibling);
  }
  for (const removed of record.removedNodes) {
    if (removed.contains(held) && !held.isConnected && record.target instanceof Element) {
      return new Gap(held, record.target, record.previousSibling, record.nextSibling);
    }
  }
  return null;
}

class Gap {
  readonly #testid: string | undefined;
  readonly #region: string | undefined;
  /** What is around it, from the inside out: all of that may go as well. */
  readonly #around: Element[] = [];
  #before: Node | null;
  #after: Node | null;

  constructor(held: HTMLElement, inside: Element | null, before: Node | null, after: Node | null) {
    this.#testid = held.dataset['testid'];
    for (let at = inside; at !== null; at = at.parentElement) this.#around.push(at);
    this.#region = regionOf(inside)?.dataset['region'];
    this.#before = before;
    this.#after = after;
  }

  /** What stood beside it goes too. */
  shift({ removedNodes, previousSibling, nextSibling }: MutationRecord): void {
    for (const removed of removedNodes) {
      // What was only moved is still there.
      if (removed.isConnected) continue;
      if (removed === this.#before) this.#before = previousSibling;
      if (removed === this.#after) this.#after = nextSibling;
    }
  }

  /** Gives the focus to what is nearest. */
  goOn(): void {
    const dialog = [...document.querySelectorAll('dialog[open]')].at(-1);
    const isAllowed = (element: HTMLElement): boolean =>
      dialog === undefined || dialog.contains(element);
    const give = (element: HTMLElement): boolean => isAllowed(element) && focus(element);

    const after = [...siblings(this.#after, 'nextSibling')].flatMap(tabbables);
    const before = [...siblings(this.#before, 'previousSibling')].flatMap((one) =>
      tabbables(one).reverse(),
    );
    // Of the same kind first: behind the last row of a group stands the head of the next.
    const isLike = ({ dataset }: HTMLElement): boolean =>
      this.#testid !== undefined && dataset['testid'] === this.#testid;
    for (const near of [after.filter(isLike), before.filter(isLike), after, before]) {
      if (near.some(give)) return;
    }
    for (const around of this.#around) {
      if (!around.isConnected || around.matches('[data-region], body')) break;
      if (tabbables(around).some(give)) return;
    }
    if (dialog !== undefined && tabbables(dialog).some(focus)) return;
    for (const name of [this.#region, ...LAST_RESORTS]) {
      const region = document.querySelector<HTMLElement>(`[data-region="${name ?? ''}"]`);
      if (region !== null && enter(region)) return;
    }
    tabbables(document.body).some(focus);
  }
}

function* siblings(from: Node | null, step: 'nextSibling' | 'previousSibling'): Generator<Element> {
  for (let at = from; at !== null; at = at[step]) {
    if (at instanceof Element && at.isConnected) yield at;
  }
}
