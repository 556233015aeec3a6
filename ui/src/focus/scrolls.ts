/** What scrolls and holds nothing that takes the focus takes it itself, or keys could not scroll it. */
import type { Attachment } from 'svelte/attachments';

const TAKES_FOCUS = 'a[href], button, input, select, textarea, [tabindex]:not([tabindex="-1"])';

export const scrolls: Attachment<HTMLElement> = (element) => {
  const look = (): void => {
    const isCut = element.scrollHeight > element.clientHeight;
    if (isCut && element.querySelector(TAKES_FOCUS) === null) element.tabIndex = 0;
    else element.removeAttribute('tabindex');
  };
  const sizes = new ResizeObserver(look);
  sizes.observe(element);
  for (const child of element.children) sizes.observe(child);
  return () => sizes.disconnect();
};
