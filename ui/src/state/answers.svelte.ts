/** The ready answers at hand, and which of them were used here last. */
import type { Backend } from '../api/backend';
import type { ReadyAnswerId } from '../api/generated/ReadyAnswerId';
import type { ReadyAnswerRow } from '../api/generated/ReadyAnswerRow';
import { foundAnswers, inOrderOfUse, searchedAnswers, type Use } from '../format/answers';
import { coalesced } from './reload';

const KEY = 'pult.answers';

/** Of how many answers the last use is remembered. */
const REMEMBERED = 200;

export class Answers {
  rows = $state.raw<readonly ReadyAnswerRow[]>([]);
  /** Whether they have been read; before, an empty list says nothing. */
  isRead = $state(false);
  hasFailed = $state(false);

  #uses = $state.raw<ReadonlyMap<ReadyAnswerId, Use>>(new Map());
  readonly #searched = $derived(searchedAnswers(inOrderOfUse(this.rows, this.#uses)));
  readonly #storage: Storage | null;

  /** Reads them again. */
  readonly reload: () => Promise<void>;

  constructor(backend: Backend, storage: Storage | null) {
    this.#storage = storage;
    this.#uses = readUses(storage);
    this.reload = coalesced(async () => {
      try {
        this.rows = await backend.readyAnswers();
        this.isRead = true;
        this.hasFailed = false;
      } catch {
        this.hasFailed = true;
      }
    });
  }

  /** Nobody is signed in: somebody else's are not to be seen. */
  forget(): void {
    this.rows = [];
    this.isRead = false;
  }

  /** Those that are meant by what was typed, the likeliest first. */
  find(query: string): ReadyAnswerRow[] {
    return foundAnswers(this.#searched, query);
  }

  /** Notes that one was used. */
  used(id: ReadyAnswerId, at: number): void {
    const n = (this.#uses.get(id)?.n ?? 0) + 1;
    const uses = [...this.#uses].filter(([other]) => other !== id);
    this.#uses = new Map([...uses, [id, { n, at }] as const].slice(-REMEMBERED));
    try {
      this.#storage?.setItem(KEY, JSON.stringify([...this.#uses]));
    } catch {
      // A full or forbidden storage costs the order at the next start, nothing else.
    }
  }
}

function readUses(storage: Storage | null): Map<ReadyAnswerId, Use> {
  try {
    const kept: unknown = JSON.parse(storage?.getItem(KEY) ?? '[]');
    return new Map(Array.isArray(kept) ? kept.filter(isUse) : []);
  } catch {
    return new Map();
  }
}

function isUse(kept: unknown): kept is [ReadyAnswerId, Use] {
  if (!Array.isArray(kept)) return false;
  const [id, use] = kept as unknown[];
  return (
    typeof id === 'string' &&
    typeof use === 'object' &&
    use !== null &&
    'n' in use &&
    typeof use.n === 'number' &&
    'at' in use &&
    typeof use.at === 'number'
  );
}
