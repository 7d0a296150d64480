import a11y from 'eslint-plugin-jsx-a11y';
import hooks from 'eslint-plugin-react-hooks';
import ts from 'typescript-eslint';

export default ts.config(
  { ignores: ['dist', 'node_modules', 'src/api/schema.d.ts'] },
  ...ts.configs.strict,
  a11y.flatConfigs.strict,
  {
    files: ['src/**/*.{ts,tsx}', 'test/**/*.{ts,tsx}'],
    plugins: { 'react-hooks': hooks },
    rules: {
      ...hooks.configs['recommended'].rules,
      'no-restricted-globals': ['error', { name: 'fetch', message: 'requests go through src/api' }],
      'max-lines': ['error', 400],
    },
  },
  { files: ['src/api/**', 'test/**', '**/*.test.ts', '**/*.test.tsx', '**/tests.tsx', '**/tests.ts'], rules: { 'no-restricted-globals': 'off' } },
);
