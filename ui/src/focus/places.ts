/** Where the focus can be: what takes it, and the regions of the window among which F6 moves. */

const TABBABLE =
  'a[href], button:not(:disabled), input:not(:disabled):not([type="hidden"]), select:not(:disabled), textarea:not(:disabled), summary, [tabindex="0"]';
const REGION = '[data-region]';
/** What of a region takes the focus first: what is marked, what is current, the row that Tab reaches. */
const ENTRANCES = [
  '[data-enter]',
  '[aria-current]:not([aria-current="false"])',
  '[data-row] [tabindex="0"]',
];

function isReachable(element: HTMLElement): boolean {
  // Not every environment knows of layout; where nothing is, all is shown.
  const isShown = !('checkVisibility' in element) || element.checkVisibility();
  return isShown && element.tabIndex >= 0 && element.closest('[inert]') === null;
}

/** What Tab reaches in `root`, and it itself if Tab does. */
export function tabbables(root: Element): HTMLElement[] {
  const inside = [...root.querySelectorAll<HTMLElement>(TABBABLE)];
  if (root instanceof HTMLElement && root.matches(TABBABLE)) inside.unshift(root);
  return inside.filter(isReachable);
}

/** The region of an element. */
export function regionOf(element: Element | null): HTMLElement | null {
  return element?.closest<HTMLElement>(REGION) ?? null;
}

/** Puts the focus into a region; false if nothing there takes it. */
export function enter(region: HTMLElement): boolean {
  for (const entrance of ENTRANCES) {
    for (const element of region.querySelectorAll<HTMLElement>(entrance)) {
      if (regionOf(element) === region && isReachable(element)) return focus(element);
    }
  }
  return tabbables(region).some((element) => regionOf(element) === region && focus(element));
}

/** Puts the focus into the next region, or the one before. */
export function moveAmongRegions(step: 1 | -1): void {
  const regions = [...document.querySelectorAll<HTMLElement>(REGION)];
  const from = regionOf(document.activeElement);
  // Whoever is nowhere begins at either end.
  const ring = step === 1 ? regions : regions.reverse();
  const at = from === null ? 0 : ring.indexOf(from) + 1;
  [...ring.slice(at), ...ring.slice(0, at)].some(enter);
}

/** Gives the focus; false if it was not taken. */
export function focus(element: HTMLElement): boolean {
  element.focus();
  return document.activeElement === element;
}
