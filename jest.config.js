// One configuration for the workspace; the suffix of a test file names the real servers it needs
// (`.pg.test.ts`, `.kafka.test.ts`, `.s3.test.ts`, `.crash.test.ts`, `.e2e.test.ts`), no suffix means none.
const SERVER = '\\.(pg|kafka|s3|registry|crash|e2e|storm|interop)\\.';
const shared = {
  rootDir: import.meta.dirname,
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2024',
          parser: { syntax: 'typescript' },
          experimental: { keepImportAttributes: true },
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  modulePathIgnorePatterns: ['<rootDir>/.hasivu/', '<rootDir>/.nx/'],
};
// Real servers: one stack for the run, made or attached to by the set-up. A test may wait for them for a while.
const withServers = {
  ...shared,
  globalSetup: '<rootDir>/libs/testing/src/global-setup.ts',
  globalTeardown: '<rootDir>/libs/testing/src/global-teardown.ts',
};
const SLOW = '\\.(storm|interop)\\.';
export default {
  // One figure for all projects (jest reads it here only): a test may wait for a server for a while.
  testTimeout: 120_000,
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: ['<rootDir>/{libs,services,deploy,bench,docs}/**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', SERVER],
    },
    {
      ...withServers,
      displayName: 'servers',
      testMatch: [
        '<rootDir>/{libs,services,deploy,bench,docs}/**/*.{pg,kafka,s3,registry,crash,e2e}.test.ts',
      ],
      testPathIgnorePatterns: ['/node_modules/', SLOW],
    },
    // What depends on the version of Postgres, repeated on an older one: the same tests, so that each says what differs.
    {
      ...withServers,
      displayName: 'postgres-15',
      globals: { hasivuPostgresVersion: '15' },
      testMatch: [
        '<rootDir>/libs/postgres/src/{types,binary-types,user-types}.pg.test.ts',
        '<rootDir>/services/cdc-source/test/{restart,streamed,prepared}.crash.test.ts',
        '<rootDir>/services/cdc-source/test/{origin,failover-slot,debezium-consumer}.e2e.test.ts',
      ],
    },
    {
      ...withServers,
      displayName: 'storm',
      testMatch: [
        '<rootDir>/{libs,services,deploy,bench,docs}/**/*.storm.test.ts',
        '<rootDir>/deploy/e2e/*.{crash,e2e}.test.ts',
        // Properties with Postgres as the oracle: with a random seed here, with a fixed one in `npm test`.
        '<rootDir>/libs/**/*.pg.test.ts',
      ],
    },
    {
      ...withServers,
      displayName: 'interop',
      testMatch: ['<rootDir>/{libs,services,deploy,bench,docs}/**/*.interop.test.ts'],
    },
  ],
};
