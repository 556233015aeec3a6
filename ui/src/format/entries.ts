/** Words for what stands in a chat's history: placeholders, notices, ticks, failures. */
import type { DeliveryState } from '../api/generated/DeliveryState';
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

/** A notice in words. */
export function noticeText(notice: Notice, people: People): string {
  const isMine = (id: OperatorId): boolean => id === people.me;
  const named = (id: OperatorId | null): string | null => (id === null ? null : people.name(id));
  switch (notice.what) {
    case 'taken':
      return isMine(notice.by)
        ? m.notice_taken_me()
        : m.notice_taken({ by: people.name(notice.by) });
    case 'closed':
      return isMine(notice.by)
        ? m.notice_closed_me()
        : m.notice_closed({ by: people.name(notice.by) });
    case 'reopened': {
      const owner = people.name(notice.owner);
      return isMine(notice.by)
        ? m.notice_reopened_me({ owner })
        : m.notice_reopened({ by: people.name(notice.by), owner });
    }
    case 'reopened_to_queue':
      return isMine(notice.by)
        ? m.notice_reopened_to_queue_me()
        : m.notice_reopened_to_queue({ by: people.name(notice.by) });
    case 'came_back':
      return isMine(notice.owner)
        ? m.notice_came_back_me()
        : m.notice_came_back({ owner: people.name(notice.owner) });
    case 'came_back_to_queue': {
      const was = named(notice.was);
      return was === null
        ? m.notice_came_back_to_queue()
        : m.notice_came_back_to_queue_was({ was });
    }
    case 'owner_deactivated': {
      const was = named(notice.was);
      return was === null
        ? m.notice_owner_deactivated_unknown()
        : m.notice_owner_deactivated({ was });
    }
    case 'observer_deactivated':
      return m.notice_observer_deactivated({ observer: people.name(notice.observer) });
  }
}
