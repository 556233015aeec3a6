/** What can be managed in the panel. A section stands in a file of its own and is named here. */
import Bot from '@lucide/svelte/icons/bot';
import CalendarClock from '@lucide/svelte/icons/calendar-clock';
import Laptop from '@lucide/svelte/icons/laptop';
import MessageSquareText from '@lucide/svelte/icons/message-square-text';
import QrCode from '@lucide/svelte/icons/qr-code';
import Signpost from '@lucide/svelte/icons/signpost';
import MonitorSmartphone from '@lucide/svelte/icons/monitor-smartphone';
import Phone from '@lucide/svelte/icons/phone';
import Plug from '@lucide/svelte/icons/plug';
import ScrollText from '@lucide/svelte/icons/scroll-text';
import Settings from '@lucide/svelte/icons/settings';
import Users from '@lucide/svelte/icons/users';
import type { Component } from 'svelte';

import type { Role } from '../../api/generated/Role';
import { m } from '../../paraglide/messages';
import { isSupervisor } from '../../state/rights';
import Answers from './Answers.svelte';
import Link from './Link.svelte';
import AutomaticTexts from './AutomaticTexts.svelte';
import Directions from './Directions.svelte';
import WorkingHours from './WorkingHours.svelte';
import AuditLog from './AuditLog.svelte';
import Channels from './Channels.svelte';
import Company from './Company.svelte';
import Devices from './Devices.svelte';
import Integrations from './Integrations.svelte';
import Operators from './Operators.svelte';
import Sessions from './Sessions.svelte';

export interface ManagementSection {
  /** Also the end of its test id. */
  id: string;
  title: () => string;
  /** One line below the title in the list of sections. */
  hint: () => string;
  icon: Component<{ size?: string }>;
  component: Component;
  group: GroupId;
}

export interface ManagementGroup {
  id: GroupId;
  title: () => string;
  /** Whose it is: what somebody may not change is not offered. */
  isFor: (role: Role) => boolean;
}

type GroupId = 'work' | 'supervisors' | 'administrators';

const GROUPS: ManagementGroup[] = [
  { id: 'work', title: m.management_work, isFor: () => true },
  { id: 'supervisors', title: m.management_supervisors, isFor: isSupervisor },
  {
    id: 'administrators',
    title: m.management_administrators,
    isFor: (role) => role === 'administrator',
  },
];

const SECTIONS: ManagementSection[] = [
  {
    id: 'answers',
    title: m.answers,
    hint: m.answers_hint,
    icon: MessageSquareText,
    component: Answers,
    group: 'work',
  },
  {
    id: 'link',
    title: m.link,
    hint: m.link_section_hint,
    icon: QrCode,
    component: Link,
    group: 'work',
  },
  {
    id: 'devices',
    title: m.devices,
    hint: m.devices_hint,
    icon: Laptop,
    component: Devices,
    group: 'work',
  },
  {
    id: 'automatic',
    title: m.automatic,
    hint: m.automatic_hint,
    icon: Bot,
    component: AutomaticTexts,
    group: 'supervisors',
  },
  {
    id: 'hours',
    title: m.hours,
    hint: m.hours_hint,
    icon: CalendarClock,
    component: WorkingHours,
    group: 'supervisors',
  },
  {
    id: 'directions',
    title: m.direction,
    hint: m.direction_hint,
    icon: Signpost,
    component: Directions,
    group: 'supervisors',
  },
  {
    id: 'operators',
    title: m.operators,
    hint: m.operators_hint,
    icon: Users,
    component: Operators,
    group: 'administrators',
  },
  {
    id: 'sessions',
    title: m.sessions,
    hint: m.sessions_hint,
    icon: MonitorSmartphone,
    component: Sessions,
    group: 'administrators',
  },
  {
    id: 'channels',
    title: m.channels,
    hint: m.channels_hint,
    icon: Phone,
    component: Channels,
    group: 'administrators',
  },
  {
    id: 'integrations',
    title: m.integrations,
    hint: m.integrations_hint,
    icon: Plug,
    component: Integrations,
    group: 'administrators',
  },
  {
    id: 'company',
    title: m.company,
    hint: m.company_hint,
    icon: Settings,
    component: Company,
    group: 'administrators',
  },
  {
    id: 'audit',
    title: m.audit,
    hint: m.audit_hint,
    icon: ScrollText,
    component: AuditLog,
    group: 'administrators',
  },
];

/** The groups of sections that somebody with this role has, each with its sections. */
export function groupsFor(
  role: Role | undefined,
): { group: ManagementGroup; sections: ManagementSection[] }[] {
  if (role === undefined) return [];
  return GROUPS.filter(({ isFor }) => isFor(role)).map((group) => ({
    group,
    sections: SECTIONS.filter((section) => section.group === group.id),
  }));
}

/** The sections that somebody with this role has, in their order. */
export function sectionsFor(role: Role | undefined): ManagementSection[] {
  return groupsFor(role).flatMap(({ sections }) => sections);
}
