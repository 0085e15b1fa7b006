// One configuration for the workspace; the suffix of a test file names the real servers it needs
// (`.pg.test.ts`, `.kafka.test.ts`, `.s3.test.ts`, `.crash.test.ts`, `.e2e.test.ts`), no suffix means none.
const SERVER = '\\.(pg|kafka|s3|registry|crash|e2e|storm|interop)\\.';
const shared = {
  rootDir: import.meta.dirname,
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': ['@swc/jest', { jsc: { target: 'es2024', parser: { syntax: 'typescript' }, experimental: { keepImportAttributes: true } }, module: { type: 'es6' }, sourceMaps: 'inline' }],
  },
  modulePathIgnorePatterns: ['<rootDir>/.hasivu/', '<rootDir>/.nx/'],
};
export default {
  projects: [
    { ...shared, displayName: 'unit', testMatch: ['<rootDir>/{libs,services,deploy,bench,docs}/**/*.test.ts'], testPathIgnorePatterns: ['/node_modules/', SERVER] },
    {
      ...shared,
      displayName: 'servers',
      testMatch: ['<rootDir>/{libs,services,deploy,bench,docs}/**/*.{pg,kafka,s3,registry,crash,e2e}.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', '\\.(storm|interop)\\.'],
      globalSetup: '<rootDir>/libs/testing/src/global-setup.ts',
      globalTeardown: '<rootDir>/libs/testing/src/global-teardown.ts',
    },
  ],
};
