/** Words for what stands in a chat's history: placeholders, notices, ticks, failures. */
import type { DeliveryState } from '../api/generated/DeliveryState';
import type { EntryBody } from '../api/generated/EntryBody';
import type { EntryKind } from '../api/generated/EntryKind';
import type { FailureKind } from '../api/generated/FailureKind';
import type { Notice } from '../api/generated/Notice';
import type { OperatorId } from '../api/generated/OperatorId';
import { m } from '../paraglide/messages';

/** The kinds of messages that have a name of their own here. */
export type PlaceholderKind =
  | 'image'
  | 'video'
  | 'voice'
  | 'audio'
  | 'document'
  | 'sticker'
  | 'location'
  | 'contacts'
  | 'order'
  | 'button'
  | 'interactive'
  | 'poll'
  | 'gif'
  | 'unsupported'
  | 'unknown';

const PLACEHOLDERS: Record<PlaceholderKind, () => string> = {
  image: m.placeholder_image,
  video: m.placeholder_video,
  voice: m.placeholder_voice,
  audio: m.placeholder_audio,
  document: m.placeholder_document,
  sticker: m.placeholder_sticker,
  location: m.placeholder_location,
  contacts: m.placeholder_contacts,
  order: m.placeholder_order,
  button: m.placeholder_button,
  interactive: m.placeholder_interactive,
  poll: m.placeholder_poll,
  gif: m.placeholder_gif,
  unsupported: m.placeholder_unsupported,
  unknown: m.placeholder_unknown,
};

/** The kind that the provider's word stands for; providers invent words, so any may come. */
export function placeholderKind(word: string): PlaceholderKind {
  if (word.startsWith('poll')) return 'poll';
  return Object.hasOwn(PLACEHOLDERS, word) ? (word as PlaceholderKind) : 'unknown';
}

/** "Фотография" and the like. */
export function placeholderTitle(word: string): string {
  return PLACEHOLDERS[placeholderKind(word)]();
}

/** A line of a conversation by which something was found; none of what the backend wrote. */
export function foundLine(
  body: EntryBody,
): { kind: EntryKind; placeholder: string | null; text: string } | null {
  if (body.kind === 'notice') return null;
  return body.kind === 'inbound_placeholder'
    ? { kind: 'inbound', placeholder: body.placeholder, text: body.caption ?? '' }
    : { kind: body.kind, placeholder: null, text: body.text };
}

const TICKS: Record<DeliveryState, () => string> = {
  pending: m.tick_pending,
  sending: m.tick_sending,
  not_confirmed: m.tick_not_confirmed,
  sent: m.tick_sent,
  delivered: m.tick_delivered,
  read: m.tick_read,
  failed: m.tick_failed,
};

/** What a tick says to those who point at it or hear it. */
export function tickTitle(state: DeliveryState): string {
  return TICKS[state]();
}

const FAILURES: Record<FailureKind, () => string> = {
  window_closed: m.failure_window_closed,
  not_reachable: m.failure_not_reachable,
  rate_limited: m.failure_rate_limited,
  channel_blocked: m.failure_channel_blocked,
  rejected: m.failure_rejected,
  other: m.failure_other,
};

/** Why a message failed and what to do. */
export function failureText(failure: FailureKind | null): string {
  return FAILURES[failure ?? 'other']();
}

/** Who is who, as notices and bubbles need it. */
export interface People {
  /** The operator who reads. */
  me: OperatorId | null;
  /** The name that colleagues know an operator by. */
  name: (id: OperatorId) => string;
}

/**
 * A notice in words. Where nobody stands as who did it, it was `program`, whose name says nothing of
 * how verbs about it end.
 */
export function noticeText(notice: Notice, people: People, program: string): string {
  const isMe = (id: OperatorId | null): boolean => id !== null && id === people.me;
  const { name } = people;
  switch (notice.what) {
    case 'taken':
      return isMe(notice.by) ? m.notice_taken_me() : m.notice_taken({ by: name(notice.by) });
    case 'joined': {
      const observer = name(notice.observer);
      if (notice.by === null) {
        return isMe(notice.observer)
          ? m.notice_joined_program_me({ by: program })
          : m.notice_joined_program({ by: program, observer });
      }
      if (isMe(notice.by)) return m.notice_joined_by_me({ observer });
      return isMe(notice.observer)
        ? m.notice_joined_me({ by: name(notice.by) })
        : m.notice_joined({ by: name(notice.by), observer });
    }
    case 'left':
      return isMe(notice.observer)
        ? m.notice_left_me()
        : m.notice_left({ observer: name(notice.observer) });
    case 'removed': {
      const observer = name(notice.observer);
      if (notice.by === null) {
        return isMe(notice.observer)
          ? m.notice_removed_program_me({ by: program })
          : m.notice_removed_program({ by: program, observer });
      }
      if (isMe(notice.by)) return m.notice_removed_by_me({ observer });
      return isMe(notice.observer)
        ? m.notice_removed_me({ by: name(notice.by) })
        : m.notice_removed({ by: name(notice.by), observer });
    }
    case 'transferred': {
      const [from, to] = [name(notice.from), name(notice.to)];
      if (notice.by === null) {
        return isMe(notice.to)
          ? m.notice_transferred_program_me({ by: program })
          : m.notice_transferred_program({ by: program, to });
      }
      const by = name(notice.by);
      if (notice.by === notice.to) {
        return isMe(notice.by)
          ? m.notice_transferred_taken_me({ from })
          : m.notice_transferred_taken({ by, from });
      }
      if (isMe(notice.by)) return m.notice_transferred_by_me({ to });
      return isMe(notice.to) ? m.notice_transferred_me({ by }) : m.notice_transferred({ by, to });
    }
    case 'assigned': {
      const to = name(notice.to);
      if (notice.by === null) {
        return isMe(notice.to)
          ? m.notice_assigned_program_me({ by: program })
          : m.notice_assigned_program({ by: program, to });
      }
      const by = name(notice.by);
      if (notice.by === notice.to) {
        return isMe(notice.by) ? m.notice_taken_me() : m.notice_taken({ by });
      }
      if (isMe(notice.by)) return m.notice_assigned_by_me({ to });
      return isMe(notice.to) ? m.notice_assigned_me({ by }) : m.notice_assigned({ by, to });
    }
    case 'returned':
      if (notice.by === null) return m.notice_returned_program({ by: program });
      return isMe(notice.by) ? m.notice_returned_me() : m.notice_returned({ by: name(notice.by) });
    case 'no_answer_needed':
      return isMe(notice.by)
        ? m.notice_no_answer_me()
        : m.notice_no_answer({ by: name(notice.by) });
    case 'closed':
      if (notice.by === null) return m.notice_closed_program({ by: program });
      return isMe(notice.by) ? m.notice_closed_me() : m.notice_closed({ by: name(notice.by) });
    case 'reopened': {
      const owner = name(notice.owner);
      if (notice.by === null) return m.notice_reopened_program({ by: program, owner });
      if (isMe(notice.by) && isMe(notice.owner)) return m.notice_reopened_mine();
      return isMe(notice.by)
        ? m.notice_reopened_me({ owner })
        : m.notice_reopened({ by: name(notice.by), owner });
    }
    case 'reopened_to_queue':
      if (notice.by === null) return m.notice_returned_program({ by: program });
      return isMe(notice.by)
        ? m.notice_reopened_to_queue_me()
        : m.notice_reopened_to_queue({ by: name(notice.by) });
    case 'came_back':
      return isMe(notice.owner)
        ? m.notice_came_back_me()
        : m.notice_came_back({ owner: name(notice.owner) });
    case 'came_back_to_queue':
      return notice.was === null
        ? m.notice_came_back_to_queue()
        : m.notice_came_back_to_queue_was({ was: name(notice.was) });
    case 'owner_deactivated':
      return notice.was === null
        ? m.notice_owner_deactivated_unknown()
        : m.notice_owner_deactivated({ was: name(notice.was) });
    case 'observer_deactivated':
      return m.notice_observer_deactivated({ observer: name(notice.observer) });
    case 'newer':
      return m.notice_newer();
  }
}
