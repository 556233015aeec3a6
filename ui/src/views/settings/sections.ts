/** The sections of the settings, in their order. Each stands in a file of its own and is named here. */
import type { Component } from 'svelte';

import { m } from '../../paraglide/messages';
import Device from './Device.svelte';
import DesktopSettings from './DesktopSettings.svelte';
import Diagnosis from './Diagnosis.svelte';
import KeysSettings from './KeysSettings.svelte';
import Look from './Look.svelte';
import NotificationsSettings from './NotificationsSettings.svelte';
import QuietSettings from './QuietSettings.svelte';
import SoundSettings from './SoundSettings.svelte';

export interface SettingsSection {
  /** Also the end of its test id. */
  id: string;
  title: () => string;
  component: Component;
}

export const SECTIONS: readonly SettingsSection[] = [
  { id: 'look', title: m.settings_look, component: Look },
  { id: 'sounds', title: m.settings_sounds, component: SoundSettings },
  { id: 'notifications', title: m.settings_notifications, component: NotificationsSettings },
  { id: 'quiet', title: m.quiet, component: QuietSettings },
  { id: 'test', title: m.test, component: Diagnosis },
  { id: 'keys', title: m.settings_keys, component: KeysSettings },
  { id: 'desktop', title: m.desktop, component: DesktopSettings },
  { id: 'device', title: m.settings_device, component: Device },
];
