import { expect, test } from '@jest/globals';

import { describeServer, describeServers, serverList } from './server-list.ts';

test('every host of a URL has a URL of its own, and what all share stays', () => {
  expect(
    serverList('postgres://u:p%40w@a:5433,[::1]:5434,c/db?target_session_attrs=read-write&sslmode=require'),
  ).toEqual({
    urls: [
      'postgres://u:p%40w@a:5433/db?sslmode=require',
      'postgres://u:p%40w@[::1]:5434/db?sslmode=require',
      'postgres://u:p%40w@c/db?sslmode=require',
    ],
    sessionAttrs: 'read-write',
  });
});

test('lists in the parameters are read as well, one port for all hosts or one for each', () => {
  expect(serverList('postgres:///db?host=a,b&port=1,2&target_session_attrs=any')).toEqual({
    urls: ['postgres:///db?host=a&port=1', 'postgres:///db?host=b&port=2'],
    sessionAttrs: 'any',
  });
  expect(serverList('postgres:///db?host=a,b&port=7').urls).toEqual([
    'postgres:///db?host=a&port=7',
    'postgres:///db?host=b&port=7',
  ]);
  expect(() => serverList('postgres:///db?host=a,b&port=1,2,3')).toThrow('2 hosts and 3 ports');
});

test('one host is handed on as it is', () => {
  for (const url of ['postgres://u:p@h/db', 'postgres://u:p@h:1/db?sslmode=disable', 'no url at all'])
    expect(serverList(url)).toEqual({ urls: [url], sessionAttrs: null });
});

test('what no single slot can follow is refused', () => {
  expect(() => serverList('postgres://h/db?target_session_attrs=prefer-standby')).toThrow(
    /CONFIG_INVALID.*prefer-standby/,
  );
});

test('a description names every host and never the password', () => {
  expect(describeServers('postgres://me:secret@a,b:6000/shop?target_session_attrs=any')).toBe(
    'me@a:5432,b:6000/shop',
  );
  expect(describeServers('postgres://me:secret@a/shop')).toBe('me@a:5432/shop');
  expect(describeServers('nonsense')).toBe('the configured Postgres server');
  expect(describeServer('postgres:///db?host=b&port=7')).toBe('b:7');
});
