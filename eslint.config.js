import nx from '@nx/eslint-plugin';
import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/** Who may depend on whom. A project without a row here can depend on nothing; there is no `*` row. */
export const depConstraints = [
  {
    sourceTag: 'type:service',
    onlyDependOnLibsWithTags: ['type:runtime', 'type:adapter', 'type:codec', 'type:contract', 'type:stack'],
    bannedExternalImports: ['kafkajs', 'kafkajs/*', '@aws-sdk/*', '@kafkajs/*'],
  },
  {
    sourceTag: 'type:runtime',
    onlyDependOnLibsWithTags: ['type:contract'],
    bannedExternalImports: ['pg', 'kafkajs', 'kafkajs/*', '@aws-sdk/*'],
  },
  { sourceTag: 'type:adapter', onlyDependOnLibsWithTags: ['type:codec', 'type:contract'] },
  {
    sourceTag: 'type:codec',
    onlyDependOnLibsWithTags: ['type:contract'],
    bannedExternalImports: ['pg', 'kafkajs', 'kafkajs/*', '@aws-sdk/*'],
  },
  {
    sourceTag: 'type:contract',
    onlyDependOnLibsWithTags: ['type:contract'],
    bannedExternalImports: ['pg', 'kafkajs', 'kafkajs/*', '@aws-sdk/*'],
  },
  { sourceTag: 'type:stack', onlyDependOnLibsWithTags: ['type:contract'] },
  { sourceTag: 'type:peer', onlyDependOnLibsWithTags: ['type:stack'] },
  {
    sourceTag: 'type:testing',
    onlyDependOnLibsWithTags: ['type:adapter', 'type:codec', 'type:contract', 'type:stack'],
  },
  {
    sourceTag: 'type:bench',
    onlyDependOnLibsWithTags: [
      'type:adapter',
      'type:codec',
      'type:contract',
      'type:stack',
      'type:peer',
      'type:testing',
    ],
  },
  { sourceTag: 'scope:source', onlyDependOnLibsWithTags: ['scope:source', 'scope:shared'] },
  { sourceTag: 'scope:stream', onlyDependOnLibsWithTags: ['scope:stream', 'scope:shared'] },
  { sourceTag: 'scope:lake', onlyDependOnLibsWithTags: ['scope:lake', 'scope:shared'] },
];

const TESTS = ['**/*.test.ts', '**/test/**/*.ts', 'libs/testing/**/*.ts', 'bench/**/*.ts'];

export default tseslint.config(
  {
    ignores: [
      '**/node_modules/**',
      '.nx/**',
      '.hasivu/**',
      'coverage/**',
      '**/*.mjs',
      'jest.config.js',
      'eslint.config.js',
    ],
  },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    plugins: { '@nx': nx, 'import-x': importX },
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        { allow: [], depConstraints, enforceBuildableLibDependency: false },
      ],
      'import-x/no-cycle': ['error', { ignoreExternal: true }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-console': 'error',
      'max-lines': ['error', { max: 500, skipBlankLines: false, skipComments: true }],
      'no-restricted-syntax': [
        'error',
        {
          selector: "MemberExpression[object.name='process'][property.name='env']",
          message: 'Read the environment in main.ts or config only.',
        },
        {
          selector: "CallExpression[callee.object.name='process'][callee.property.name='exit']",
          message: 'Only main.ts ends the process.',
        },
        { selector: 'Literal[value=/select \\*/i]', message: 'Name the columns.' },
      ],
    },
  },
  {
    files: ['**/main.ts', 'libs/config/**/*.ts', 'deploy/**/*.ts', 'services/cli/src/**/*.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    files: [
      'libs/{errors,change-events,lineage-events,pgoutput,pipeline,quality,delta}/src/**/*.ts',
      'services/*/src/core/**/*.ts',
    ],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: ['node:net', 'node:fs', 'node:fs/promises', 'node:http', 'node:child_process', 'node:tls'],
          patterns: ['**/io/**'],
        },
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random' },
        { object: 'Date', property: 'now' },
      ],
    },
  },
  {
    files: TESTS,
    rules: {
      'no-restricted-syntax': 'off',
      'no-console': 'off',
      '@nx/enforce-module-boundaries': 'off',
      'max-lines': ['error', { max: 800, skipComments: true, skipBlankLines: true }],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
);
