import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** The packages' direction (examples → node → losses → core) and the fences around heavy dependencies. */
const fences = [
  {
    group: ['inversify', 'inversify/*', 'reflect-metadata'],
    message: 'Only packages/core/src/di imports inversify.',
  },
  { group: ['node:*'], message: 'Only packages/node and packages/examples touch the Node API.' },
];
const restrict = (...patterns) => ({ 'no-restricted-imports': ['error', { patterns }] });

export default tseslint.config(
  { ignores: ['**/dist', 'node_modules', '.cache', 'runs', 'coverage'] },
  js.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['*.js', '*.ts'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/prefer-nullish-coalescing': 'error',
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  { files: ['packages/core/src/**'], rules: restrict(...fences) },
  { files: ['packages/core/src/di/**'], rules: restrict(fences[1]) },
  { files: ['packages/losses/src/**'], rules: restrict(...fences) },
  { files: ['packages/node/src/**'], rules: restrict(fences[0]) },
  {
    files: ['packages/{core,losses}/src/**'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: "CallExpression[callee.property.name='dataSync']",
          message: 'WebGPU has no synchronous reads.',
        },
        {
          selector: "CallExpression[callee.property.name='arraySync']",
          message: 'WebGPU has no synchronous reads.',
        },
      ],
    },
  },
  {
    files: ['**/*.mjs', '**/*.js'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: {
      globals: { console: 'readonly', process: 'readonly', URL: 'readonly', performance: 'readonly' },
    },
    rules: { 'no-console': 'off' },
  },
  {
    files: ['test/**'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/require-await': 'off',
      'no-console': 'off', // the guards of test/setup watch it while tests run
    },
  },
);
