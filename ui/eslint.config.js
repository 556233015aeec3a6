import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';

import svelteConfig from './svelte.config.js';

const TAURI = {
  group: ['@tauri-apps/*'],
  message: 'Only src/api/tauri.ts knows Tauri: go through the Backend interface.',
};

/** What may not be imported in a layer; each knows only those below it. */
function layer(files, above) {
  return {
    files: files.flatMap((folder) => [`src/${folder}/**/*.ts`, `src/${folder}/**/*.svelte`]),
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            TAURI,
            {
              regex: `^\\.\\.?/(?:\\.\\./)*(?:${above.join('|')})(?:/|$)`,
              message: 'Layers: api < format < state < views; components know types and formats.',
            },
          ],
        },
      ],
    },
  };
}

export default ts.config(
  { ignores: ['dist', 'src/api/generated', 'src/paraglide', 'project.inlang'] },
  js.configs.recommended,
  ts.configs.strict,
  ts.configs.stylistic,
  svelte.configs.recommended,
  {
    languageOptions: { globals: { ...globals.browser, ...globals.node } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/explicit-function-return-type': ['error', { allowExpressions: true }],
      '@typescript-eslint/no-invalid-void-type': 'off',
      eqeqeq: 'error',
      'no-console': 'error',
      'no-eval': 'error',
      'no-restricted-syntax': [
        'error',
        {
          selector: 'MemberExpression[property.name=/^(innerHTML|outerHTML|insertAdjacentHTML)$/]',
          message: 'What clients send is text, never markup.',
        },
      ],
      'svelte/no-at-html-tags': 'error',
      'svelte/no-inline-styles': 'off',
      'svelte/require-each-key': 'error',
      // Maps here are memory, not state; what is drawn from is declared with $state.
      'svelte/prefer-svelte-reactivity': 'off',
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: {
      parserOptions: { parser: ts.parser, extraFileExtensions: ['.svelte'], svelteConfig },
    },
    // TypeScript finds what is not defined, and knows types besides.
    rules: { 'no-undef': 'off' },
  },
  {
    files: ['**/*.js'],
    rules: { '@typescript-eslint/explicit-function-return-type': 'off' },
  },
  {
    // Both branches of a test may be empty, and what is asserted to be there is there.
    files: ['**/*.test.ts', 'src/test/**'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  layer(['api'], ['components', 'keys', 'state', 'views']),
  layer(['format'], ['components', 'keys', 'state', 'views']),
  layer(['keys'], ['components', 'state', 'views']),
  layer(['state'], ['components', 'views']),
  layer(['components'], ['state', 'views']),
  layer(['views'], ['api/(?:tauri|memory|fixtures|world)']),
  {
    files: ['src/api/tauri.ts', '**/*.test.ts', 'src/main.ts'],
    rules: { 'no-restricted-imports': 'off' },
  },
);
