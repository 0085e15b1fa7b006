import { expect, test } from '@jest/globals';

import { bigOf, hstoreOf, intervalMicros, isDecimal, numbersIn, utcOfTimetz } from './postgres-text.ts';

test('decimals of different scales are compared exactly', () => {
  expect(bigOf(Buffer.from('fe8252', 'hex'))).toBe(-97_710n);
  expect(isDecimal('-977.1', -97_710n, 2)).toBe(true);
  expect(isDecimal('-977.10', -9_771n, 1)).toBe(true);
  expect(isDecimal('977.10', -97_710n, 2)).toBe(false);
  expect(isDecimal('NaN', 0n, 0)).toBe(false);
});

test('intervals count months as 30.4375 days, times of day move to UTC', () => {
  expect(intervalMicros('-2 mons +03:00:00')).toBe(-5_248_800_000_000);
  expect(intervalMicros('1 mon -8 days -37:17:44.998835')).toBeCloseTo(1_804_335_001_165, 0);
  expect(utcOfTimetz('22:03:55.5+05:30')).toBe(utcOfTimetz('16:33:55.5Z'));
  expect(utcOfTimetz('00:30:00+01')).toBe(utcOfTimetz('23:30:00+00'));
});

test('hstore and numbers are read from their text', () => {
  expect(hstoreOf('"a"=>"1", "b\\""=>NULL, ""=>"x\\\\"')).toEqual({ a: '1', 'b"': null, '': 'x\\' });
  expect(numbersIn('(-1.5e-323,Infinity)')).toEqual({ numbers: [-1.5e-323, Infinity], rest: '(#,#)' });
});
