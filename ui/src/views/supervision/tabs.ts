/** What the supervisor's view consists of. A tab stands in a file of its own and is named here. */
import type { Component } from 'svelte';

import { m } from '../../paraglide/messages';
import Chats from './Chats.svelte';
import Figures from './Figures.svelte';
import People from './People.svelte';

/** What a tab is handed. */
interface SupervisionTabProps {
  /** Shows a chat of one's own lists there. */
  onlive: (chatId: string) => void;
}

export interface SupervisionTab {
  /** Also the end of its test id. */
  id: string;
  title: () => string;
  component: Component<SupervisionTabProps>;
}

export const TABS: SupervisionTab[] = [
  { id: 'chats', title: m.oversee_chats, component: Chats },
  { id: 'people', title: m.oversee_people, component: (internals) => People(internals, {}) },
  // It needs nothing of what a tab is handed.
  { id: 'figures', title: m.figures, component: (internals) => Figures(internals, {}) },
];
