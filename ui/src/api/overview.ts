/**
 * The overview, of whose chats the shell tells only those that have changed: the others are the same
 * objects as before, so that their rows need not be drawn anew either.
 */
import type { ChatSummary } from './generated/ChatSummary';
import type { Listed } from './generated/Listed';
import type { Overview } from './generated/Overview';
import type { OverviewUpdate } from './generated/OverviewUpdate';

/** Reads the overview by `ask`, which is told what revision is held; none if nothing is. */
export function overviews(
  ask: (known: number | null) => Promise<OverviewUpdate>,
): () => Promise<Overview> {
  let held: { revision: number; chats: Map<string, ChatSummary> } | null = null;
  return async () => {
    // An answer goes by what was held when it was asked for.
    const before = held;
    const update = await ask(before?.revision ?? null);
    const chats = new Map<string, ChatSummary>();
    const whole = (list: Listed[]): ChatSummary[] =>
      list.map((one) => {
        const summary = typeof one === 'string' ? before?.chats.get(one) : one;
        if (summary === undefined) throw new Error('The shell takes a chat for known that is not');
        chats.set(summary.chat.id, summary);
        return summary;
      });
    const overview = {
      ...update.rest,
      in_work: whole(update.in_work),
      observed: whole(update.observed),
      queued: whole(update.queued),
    };
    held = { revision: update.revision, chats };
    return overview;
  };
}
