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
  /** Whose it is: what somebody may not change is not offered. */
  isFor: (role: Role) => boolean;
}

const isAdministrator = (role: Role): boolean => role === 'administrator';

const SECTIONS: ManagementSection[] = [
  {
    id: 'answers',
    title: m.answers,
    hint: m.answers_hint,
    icon: MessageSquareText,
    component: Answers,
    isFor: () => true,
  },
  {
    id: 'link',
    title: m.link,
    hint: m.link_section_hint,
    icon: QrCode,
    component: Link,
    isFor: () => true,
  },
  {
    id: 'automatic',
    title: m.automatic,
    hint: m.automatic_hint,
    icon: Bot,
    component: AutomaticTexts,
    isFor: isSupervisor,
  },
  {
    id: 'hours',
    title: m.hours,
    hint: m.hours_hint,
    icon: CalendarClock,
    component: WorkingHours,
    isFor: isSupervisor,
  },
  {
    id: 'directions',
    title: m.direction,
    hint: m.direction_hint,
    icon: Signpost,
    component: Directions,
    isFor: isSupervisor,
  },
  {
    id: 'devices',
    title: m.devices,
    hint: m.devices_hint,
    icon: Laptop,
    component: Devices,
    isFor: () => true,
  },
  {
    id: 'operators',
    title: m.operators,
    hint: m.operators_hint,
    icon: Users,
    component: Operators,
    isFor: isAdministrator,
  },
  {
    id: 'sessions',
    title: m.sessions,
    hint: m.sessions_hint,
    icon: MonitorSmartphone,
    component: Sessions,
    isFor: isAdministrator,
  },
  {
    id: 'channels',
    title: m.channels,
    hint: m.channels_hint,
    icon: Phone,
    component: Channels,
    isFor: isAdministrator,
  },
  {
    id: 'integrations',
    title: m.integrations,
    hint: m.integrations_hint,
    icon: Plug,
    component: Integrations,
    isFor: isAdministrator,
  },
  {
    id: 'company',
    title: m.company,
    hint: m.company_hint,
    icon: Settings,
    component: Company,
    isFor: isAdministrator,
  },
  {
    id: 'audit',
    title: m.audit,
    hint: m.audit_hint,
    icon: ScrollText,
    component: AuditLog,
    isFor: isAdministrator,
  },
];

/** The sections that somebody with this role has. */
export function sectionsFor(role: Role | undefined): ManagementSection[] {
  return role === undefined ? [] : SECTIONS.filter((section) => section.isFor(role));
}
