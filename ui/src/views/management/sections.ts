/** What can be managed in the panel. A section stands in a file of its own and is named here. */
import Bot from '@lucide/svelte/icons/bot';
import CalendarClock from '@lucide/svelte/icons/calendar-clock';
import MessageSquareText from '@lucide/svelte/icons/message-square-text';
import QrCode from '@lucide/svelte/icons/qr-code';
import Signpost from '@lucide/svelte/icons/signpost';
import type { Component } from 'svelte';

import type { Role } from '../../api/generated/Role';
import { m } from '../../paraglide/messages';
import { isSupervisor } from '../../state/rights';
import Answers from './Answers.svelte';
import Link from './Link.svelte';
import AutomaticTexts from './AutomaticTexts.svelte';
import Directions from './Directions.svelte';
import WorkingHours from './WorkingHours.svelte';

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
];

/** The sections that somebody with this role has. */
export function sectionsFor(role: Role | undefined): ManagementSection[] {
  return role === undefined ? [] : SECTIONS.filter((section) => section.isFor(role));
}
