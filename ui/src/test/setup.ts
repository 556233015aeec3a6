/** Runs before each test file: Russian, nothing left on the page of the test before. */
import { cleanup } from '@testing-library/svelte';
import { afterEach } from 'vitest';

import { overwriteGetLocale } from '../paraglide/runtime';

overwriteGetLocale(() => 'ru');
afterEach(() => {
  cleanup();
});
