/** What kinds of notifications there are in words, and when it is quiet. */
import type { NotificationKind } from '../api/generated/NotificationKind';
import type { NotificationSettings } from '../api/generated/NotificationSettings';
import type { Timestamp } from '../api/generated/Timestamp';
import { m } from '../paraglide/messages';
import { clock, dateInWords, dayKey } from './time';

const MINUTE = 60_000;
const DAY_MINUTES = 24 * 60;
/** When the morning begins until which it can be quiet, in hours. */
const MORNING = 8;
/** A morning nearer than this is not the one that is meant. */
const MORNING_NEAR_MS = 180 * MINUTE;

type Words = (inputs?: object, options?: { locale?: 'ru' | 'en' }) => string;

/** What each kind is called, and what it is about. */
export const KINDS: Record<NotificationKind, { title: Words; hint: Words }> = {
  mention: { title: m.notify_mention, hint: m.notify_mention_hint },
  given: { title: m.notify_given, hint: m.notify_given_hint },
  reopened: { title: m.notify_reopened, hint: m.notify_reopened_hint },
  not_delivered: { title: m.notify_not_delivered, hint: m.notify_not_delivered_hint },
  suggested: { title: m.notify_suggested, hint: m.notify_suggested_hint },
  new_message: { title: m.notify_new_message, hint: m.notify_new_message_hint },
  new_in_queue: { title: m.notify_new_in_queue, hint: m.notify_new_in_queue_hint },
  observed: { title: m.notify_observed, hint: m.notify_observed_hint },
  waits_in_queue: { title: m.notify_waits_in_queue, hint: m.notify_waits_in_queue_hint },
  overdue: { title: m.notify_overdue, hint: m.notify_overdue_hint },
  channel_down: { title: m.notify_channel_down, hint: m.notify_channel_down_hint },
  connection_lost: { title: m.notify_connection_lost, hint: m.notify_connection_lost_hint },
};

/** That it is quiet: why, and until when; an end that is not known has none. */
export interface Quiet {
  by: 'hand' | 'hours' | 'away';
  until: Timestamp | null;
}

/** Whether it is quiet now, by the local clock. Of several reasons the one that lasts longest. */
export function quiet(
  settings: NotificationSettings,
  now: Timestamp,
  isAway: boolean,
): Quiet | null {
  if (settings.quiet_when_away && isAway) return { by: 'away', until: null };
  const { quiet_until: byHand, quiet_hours: hours } = settings;
  const reasons: { by: 'hand' | 'hours'; until: Timestamp }[] = [];
  if (byHand !== null && now < byHand) reasons.push({ by: 'hand', until: byHand });
  if (hours !== null) {
    const date = new Date(now);
    const minute = date.getHours() * 60 + date.getMinutes();
    const from = hours.from % DAY_MINUTES;
    const until = hours.until % DAY_MINUTES;
    const holds =
      from <= until ? from <= minute && minute < until : from <= minute || minute < until;
    if (holds) {
      const end = new Date(now);
      end.setHours(0, until, 0, 0);
      if (end.getTime() <= now) end.setDate(end.getDate() + 1);
      reasons.push({ by: 'hours', until: end.getTime() });
    }
  }
  return reasons.sort((a, b) => b.until - a.until)[0] ?? null;
}

/** That it is quiet, and until when, in a sentence. */
export function quietText({ by, until }: Quiet, now: Timestamp): string {
  return until === null || by === 'away'
    ? m.quiet_away_now()
    : m.quiet_until({ until: untilText(until, now) });
}

/** The next morning but one that is about to begin. */
export function nextMorning(now: Timestamp): Timestamp {
  const morning = new Date(now);
  morning.setHours(MORNING, 0, 0, 0);
  if (morning.getTime() < now + MORNING_NEAR_MS) morning.setDate(morning.getDate() + 1);
  return morning.getTime();
}

function untilText(until: Timestamp, now: Timestamp): string {
  return dayKey(until) === dayKey(now)
    ? clock(until)
    : `${dateInWords(until, now)}, ${clock(until)}`;
}
