import './styles/tokens.css';
import './styles/base.css';

import { mount } from 'svelte';

import type { Backend } from './api/backend';
import { Settings } from './state/settings.svelte';
import App from './views/App.svelte';

/** Whether there may be a page without a shell: while it is worked on, and in a browser on the bench. */
const LIVES_IN_MEMORY = import.meta.env.DEV || import.meta.env.MODE === 'canned';

/** The shell's panel; in a browser one that lives in memory. */
async function backend(): Promise<Backend> {
  if (LIVES_IN_MEMORY && !('__TAURI_INTERNALS__' in window)) {
    const { memoryBackend } = await import('./api/memory');
    return memoryBackend(new URLSearchParams(location.search).get('fixture') ?? 'usual');
  }
  const { tauriBackend } = await import('./api/tauri');
  return tauriBackend;
}

function storage(): Storage | null {
  try {
    return localStorage;
  } catch {
    return null;
  }
}

const target = document.getElementById('app');
if (target !== null) {
  const settings = new Settings(storage(), navigator.language);
  mount(App, { target, props: { backend: await backend(), settings } });
}
