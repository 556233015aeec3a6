/** What each kind of notifications looks like. */
import AtSign from '@lucide/svelte/icons/at-sign';
import CircleAlert from '@lucide/svelte/icons/circle-alert';
import Eye from '@lucide/svelte/icons/eye';
import Hourglass from '@lucide/svelte/icons/hourglass';
import Inbox from '@lucide/svelte/icons/inbox';
import MessageSquare from '@lucide/svelte/icons/message-square';
import PhoneOff from '@lucide/svelte/icons/phone-off';
import Signpost from '@lucide/svelte/icons/signpost';
import TimerOff from '@lucide/svelte/icons/timer-off';
import Undo2 from '@lucide/svelte/icons/undo-2';
import UserCheck from '@lucide/svelte/icons/user-check';
import WifiOff from '@lucide/svelte/icons/wifi-off';
import type { Component } from 'svelte';

import type { NotificationKind } from '../../api/generated/NotificationKind';

export const ICONS: Record<NotificationKind, Component<{ size?: string }>> = {
  mention: AtSign,
  given: UserCheck,
  reopened: Undo2,
  not_delivered: CircleAlert,
  suggested: Signpost,
  new_message: MessageSquare,
  new_in_queue: Inbox,
  observed: Eye,
  waits_in_queue: Hourglass,
  overdue: TimerOff,
  channel_down: PhoneOff,
  connection_lost: WifiOff,
};

/** The kinds that tell of something wrong. */
export const BAD: readonly NotificationKind[] = [
  'not_delivered',
  'overdue',
  'channel_down',
  'connection_lost',
];
