/** Where the settings lead. */
import { createContext } from 'svelte';

export interface Links {
  onshortcuts: () => void;
  /** Opens what sets them. */
  onkeys: () => void;
  /** Opens the management, where the rail is not there to do it. */
  onmanagement?: (() => void) | undefined;
}

export const [settingsLinks, provideSettingsLinks] = createContext<Links>();
