import { paraglideVitePlugin } from '@inlang/paraglide-js';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

const isTest = process.env['VITEST'] !== undefined;

/** A file of lucide's with an icon, and what it says of its drawing. */
const ICON_FILE = /lucide\/svelte\/dist\/icons\/[\w-]+\.svelte$/u;
const ICON_DATA = /const iconData = (\{.*\});/u;

interface IconData {
  name: string;
  node: [tag: string, attributes: Record<string, string>][];
}

/**
 * Makes lucide's icons plain drawings, which take the properties that this page gives them and no other:
 * lucide's own component works an icon's attributes out, and makes its lines one by one, each time that
 * one is shown, which is a good part of what it takes to draw a list or a conversation.
 */
function plainIcons(): Plugin {
  return {
    name: 'plain-icons',
    enforce: 'pre',
    transform(code, id) {
      if (!ICON_FILE.test(id)) return null;
      const found = ICON_DATA.exec(code)?.[1];
      if (found === undefined) this.error(`${id} does not say how its icon is drawn`);
      const { name, node } = JSON.parse(found) as IconData;
      const lines = node.map(([tag, attributes]) => {
        const all = Object.entries(attributes).map(([key, value]) => `${key}="${value}"`);
        return `<${tag} ${all.join(' ')} />`;
      });
      return {
        code: `<script lang="ts">
          const { size = 24, strokeWidth = 2, style, 'aria-label': label } = $props();
        </script>
        <svg xmlns="http://www.w3.org/2000/svg" width={size} height={size} viewBox="0 0 24 24"
          fill="none" stroke="currentColor" stroke-width={strokeWidth} stroke-linecap="round"
          stroke-linejoin="round" class="lucide lucide-${name}" {style} aria-label={label}
          aria-hidden={label === undefined ? 'true' : undefined}>${lines.join('')}</svg>`,
        map: null,
      };
    },
  };
}

export default defineConfig({
  plugins: [
    plainIcons(),
    svelte(),
    // Its watcher would keep vitest from ending; `npm test` words the messages beforehand.
    isTest
      ? []
      : paraglideVitePlugin({
          project: './project.inlang',
          outdir: './src/paraglide',
          // The language is a setting of the page (src/state/settings.svelte.ts), nothing else decides.
          strategy: ['globalVariable', 'baseLocale'],
        }),
  ],
  clearScreen: false,
  server: { port: 1420, strictPort: true, host: '127.0.0.1' },
  build: { target: 'safari16', sourcemap: false, modulePreload: false },
  // Under vitest the browser's half of Svelte is wanted, not the server's.
  resolve: isTest ? { conditions: ['browser'] } : {},
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.ts'],
    testTimeout: 30_000,
    setupFiles: ['src/test/setup.ts'],
  },
});
