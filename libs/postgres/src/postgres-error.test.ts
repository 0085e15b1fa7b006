import { expect, test } from '@jest/globals';

import { mapPostgresError } from './postgres-error.ts';
import { describeServers } from './server-list.ts';
import { ServerError } from './server-message.ts';
import { quoteIdentifier, quoteLiteral } from './sql-quote.ts';

test.each([
  [new ServerError('28P01', 'password authentication failed for user "x"'), 'SOURCE_AUTHENTICATION'],
  [new ServerError('28000', 'no pg_hba.conf entry'), 'SOURCE_AUTHENTICATION'],
  [new ServerError('3D000', 'database "x" does not exist'), 'SOURCE_DATABASE_MISSING'],
  [new ServerError('42501', 'permission denied for table x'), 'SOURCE_PERMISSION'],
  [new ServerError('55006', 'replication slot "x" is active for PID 1'), 'SOURCE_SLOT_ACTIVE'],
  [new ServerError('42704', 'replication slot "x" does not exist'), 'SOURCE_SLOT_LOST'],
  [new ServerError('42704', 'publication "x" does not exist'), 'SOURCE_PUBLICATION_INCOMPLETE'],
  [new ServerError('55000', 'can no longer access replication slot "x"'), 'SOURCE_SLOT_LOST'],
  [new ServerError('55000', 'logical decoding requires "wal_level" >= "logical"'), 'SOURCE_WAL_LEVEL'],
  [new ServerError('58P01', 'requested WAL segment 000 has already been removed'), 'SOURCE_SLOT_LOST'],
  [new ServerError('57P01', 'terminating connection due to administrator command'), 'SOURCE_CONNECTION_LOST'],
  [new ServerError('57P03', 'the database system is starting up'), 'SOURCE_UNREACHABLE'],
  [new ServerError('53300', 'sorry, too many clients already'), 'SOURCE_UNREACHABLE'],
  [new ServerError('53400', 'all replication slots are in use'), 'SOURCE_SLOT_LIMIT'],
  [new ServerError('42601', 'syntax error'), 'SOURCE_QUERY'],
  [Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }), 'SOURCE_UNREACHABLE'],
  [new AggregateError([Object.assign(new Error('x'), { code: 'ECONNREFUSED' })]), 'SOURCE_UNREACHABLE'],
  [Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }), 'SOURCE_CONNECTION_LOST'],
  [new Error('Connection terminated unexpectedly'), 'SOURCE_CONNECTION_LOST'],
  [new Error('timeout expired'), 'SOURCE_UNREACHABLE'],
  [new Error('The server does not support SSL connections'), 'SOURCE_TLS'],
  [
    Object.assign(new Error('self-signed certificate'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }),
    'SOURCE_TLS',
  ],
  [new Error('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string'), 'SOURCE_AUTHENTICATION'],
])('%s is %s', (error, code) => {
  const mapped = mapPostgresError(error, 'testing');
  expect(mapped.code).toBe(code);
  expect(mapPostgresError(mapped, 'testing again')).toBe(mapped);
});

test('a detail with the values of a row is not repeated', () => {
  const error = Object.assign(new ServerError('23505', 'duplicate key'), {
    detail: 'Key (email)=(a@b.c) already exists.',
  });
  expect(mapPostgresError(error, 'testing').message).not.toContain('a@b.c');
});

test.each([
  ['22P02', 'invalid input syntax for type integer: "Asha "7b" Rao"', 'invalid text representation'],
  ['22P02', 'ungültige Eingabesyntax für Typ integer: »Asha Rao«', 'invalid text representation'],
  ['22P02', 'syntaxe en entrée invalide pour le type integer : « Asha Rao »', 'invalid text representation'],
  ['22021', 'invalid byte sequence for encoding "UTF8": Asha', 'character not in repertoire'],
  ['22ZZZ', 'Asha', 'data exception'],
  ['P0001', 'no price for Asha Rao', 'raise exception'],
  ['P0ZZZ', 'Asha', 'plpgsql error'],
  ['22012', 'division by zero', 'division by zero'],
])('a message of %s is told by its condition: "%s" may hold a value', (sqlState, message, condition) => {
  const mapped = mapPostgresError(new ServerError(sqlState, message), 'testing');
  expect(mapped.why).toBe(`the server says: ${condition} (SQLSTATE ${sqlState})`);
  expect(JSON.stringify([mapped.message, mapped.context])).not.toContain('Asha');
});

test('a target is described without its password', () => {
  expect(describeServers('postgres://me:s3cret@db.example:5433/shop')).toBe('me@db.example:5433/shop');
  expect(describeServers('not a url s3cret')).not.toContain('s3cret');
});

test('identifiers and literals are quoted', () => {
  expect(quoteIdentifier('odd "name"')).toBe('"odd ""name"""');
  expect(quoteLiteral("it's")).toBe("'it''s'");
  expect(quoteLiteral('back\\slash')).toBe("E'back\\\\slash'");
});
