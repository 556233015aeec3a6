/**
 * What can be done now. Each view offers what it can do as long as it is there; keys and the palette
 * ask here, so that neither knows the views.
 */
import { untrack } from 'svelte';

import type { CommandId } from './table';

/** How commands are done; what does not apply now is false. */
export type Offers = Partial<Record<CommandId, (() => void) | false>>;

export class Commands {
  #offers = $state.raw<readonly (() => Offers)[]>([]);

  /** What applies now. Of two that offer the same, the one that came later does it. */
  readonly now = $derived.by(() => {
    const now = new Map<CommandId, () => void>();
    for (const offers of this.#offers) {
      for (const [id, run] of Object.entries(offers())) {
        if (run !== false) now.set(id as CommandId, run);
      }
    }
    return now;
  });

  /** Offers commands until the answer is called. */
  offer(offers: () => Offers): () => void {
    untrack(() => (this.#offers = [...this.#offers, offers]));
    return () => {
      untrack(() => (this.#offers = this.#offers.filter((one) => one !== offers)));
    };
  }
}
