/** Something that is done with several chats at once: how far it is, and what was refused and why. */
import type { Backend } from '../api/backend';
import type { ChatId } from '../api/generated/ChatId';
import type { ChatRow } from '../api/generated/ChatRow';
import type { CommandId } from '../api/generated/CommandId';
import type { DeedOutcome } from '../api/generated/DeedOutcome';
import type { OverseerDeed } from '../api/generated/OverseerDeed';
import type { Problem } from '../api/generated/Problem';
import { clientName } from '../format/people';

/** A chat of which the backend wanted nothing. */
export interface Refused {
  chat: ChatRow;
  problem: Problem;
}

export class Batch {
  readonly deed: OverseerDeed;
  readonly chats: readonly ChatRow[];
  readonly #ids: readonly CommandId[];
  readonly #backend: Backend;
  #outcomes = $state.raw<DeedOutcome[]>([]);

  readonly n: number;
  readonly nDone = $derived(this.#outcomes.filter(({ state }) => state === 'done').length);
  readonly nWithdrawn = $derived(
    this.#outcomes.filter(({ state }) => state === 'withdrawn').length,
  );
  readonly isOver = $derived(
    this.#outcomes.length > 0 && this.#outcomes.every(({ state }) => state !== 'waiting'),
  );
  /** What the backend refused. */
  readonly refused = $derived.by((): Refused[] =>
    this.#outcomes.flatMap((outcome, at) => {
      const chat = this.chats[at];
      return outcome.state === 'refused' && chat !== undefined
        ? [{ chat, problem: outcome.problem }]
        : [];
    }),
  );
  /** What was to be added as a hidden comment with chats that were not given after all; none if nothing was. */
  readonly noteLeft = $derived.by((): string | null => {
    if (this.deed.deed !== 'give' || this.refused.length + this.nWithdrawn === 0) return null;
    return this.deed.note;
  });
  /** Until when all that still waits can be taken back, by this computer's clock. */
  readonly until = $derived.by((): number | null => {
    let until: number | null = null;
    for (const outcome of this.#outcomes) {
      if (outcome.state !== 'waiting' || outcome.until === null) continue;
      until = Math.max(until ?? 0, outcome.until);
    }
    return until;
  });

  private constructor(
    backend: Backend,
    chats: readonly ChatRow[],
    deed: OverseerDeed,
    ids: readonly CommandId[],
  ) {
    this.#backend = backend;
    this.chats = chats;
    this.deed = deed;
    this.#ids = ids;
    this.n = ids.length;
  }

  /** Gives the commands. They are in the outbox when this answers. */
  static async begin(
    backend: Backend,
    chats: readonly ChatRow[],
    deed: OverseerDeed,
  ): Promise<Batch> {
    const seen = chats.map(({ id, status, last_place, client }) => ({
      chat_id: id,
      status,
      last_place,
      client_name: clientName(client),
    }));
    return new Batch(backend, chats, deed, await backend.actOn(seen, deed));
  }

  /** Whether it gives a chat to somebody. */
  gives(chatId: ChatId): boolean {
    return this.deed.deed === 'give' && this.chats.some(({ id }) => id === chatId);
  }

  /** Whether nothing came of it with a chat. */
  isUndone(chatId: ChatId): boolean {
    return this.chats.some(({ id }, at) => {
      const state = this.#outcomes[at]?.state;
      return id === chatId && (state === 'refused' || state === 'withdrawn');
    });
  }

  /** Asks what has come of it. */
  async refresh(): Promise<void> {
    if (this.isOver) return;
    this.#outcomes = await this.#backend.outcomes([...this.#ids]);
  }

  /** Withdraws what is not on its way yet. */
  async takeBack(): Promise<void> {
    await this.#backend.takeAllBack([...this.#ids]);
    await this.refresh();
  }
}
