import { expect, test } from '@jest/globals';

import { pgoutputOptions, type PgoutputChoices } from './pgoutput-options.ts';

const choices: PgoutputChoices = {
  publication: "it's",
  serverVersion: 180004,
  streaming: true,
  twoPhase: false,
  origin: 'any',
  binary: false,
};

test.each([
  [140010, "proto_version '2'", "streaming 'on'"],
  [150002, "proto_version '3'", "streaming 'on'"],
  [160000, "proto_version '4'", "streaming 'parallel'"],
  [180004, "proto_version '4'", "streaming 'parallel'"],
])('server version %i is asked for %s, %s', (serverVersion, protocol, streaming) => {
  expect(pgoutputOptions({ ...choices, serverVersion })).toBe(
    `${protocol}, publication_names '"it''s"', messages 'true', ${streaming}`,
  );
});

test('what is chosen is asked for, and nothing else', () => {
  expect(
    pgoutputOptions({ ...choices, streaming: false, twoPhase: true, origin: 'none', binary: true }),
  ).toBe(
    `proto_version '4', publication_names '"it''s"', messages 'true', two_phase 'true', origin 'none', binary 'true'`,
  );
});

test('a server that cannot do it is named with what it lacks', () => {
  expect(() => pgoutputOptions({ ...choices, serverVersion: 140000, twoPhase: true })).toThrow(
    /SOURCE_SERVER_TOO_OLD.*twoPhase: true, which needs server version 15, and the server's is 14/,
  );
  expect(() => pgoutputOptions({ ...choices, serverVersion: 150000, origin: 'none' })).toThrow(
    /origin: none, which needs server version 16/,
  );
});
