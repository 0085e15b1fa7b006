import { AvroBuffer, AvroCursor, readValue, type ColumnType, type ColumnValue } from '@hasivu/change-events';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { EXACT, INEXACT, UNREPRESENTABLE } from './column-encoder.ts';
import { textEncoderFor } from './text-encoder.ts';

const out = new AvroBuffer(16);
const cursor = new AvroCursor();

function encode(type: ColumnType, text: string): { outcome: number; value: ColumnValue } {
  // Bytes around the value catch an encoder that reads past its bounds.
  const src = Buffer.from(`9${text}9`);
  out.reset();
  const outcome = textEncoderFor(type)(src, 1, src.length - 1, out);
  if (outcome === UNREPRESENTABLE) return { outcome, value: null };
  cursor.reset(out.bytes, 0, out.pos);
  const value = readValue(cursor, type);
  expect(cursor.pos).toBe(out.pos);
  return { outcome, value };
}

function exact(type: ColumnType, text: string): ColumnValue {
  const { outcome, value } = encode(type, text);
  expect(outcome).toBe(EXACT);
  return value;
}

describe('numbers from text', () => {
  test('int8 over all 64 bits', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        expect(exact({ kind: 'int64' }, String(value))).toBe(value);
      }),
      {
        examples: [
          [2n ** 63n - 1n],
          [-(2n ** 63n)],
          [-(2n ** 32n)],
          [-(2n ** 62n)],
          [999999999999999n],
          [-1n],
          [0n],
        ],
      },
    );
  });

  test('int2 and int4', () => {
    fc.assert(
      fc.property(fc.integer(), (value) => expect(exact({ kind: 'int32' }, String(value))).toBe(value)),
      { examples: [[2 ** 31 - 1], [-(2 ** 31)]] },
    );
  });

  test('numeric(p,s) up to 38 digits', () => {
    const limit = 10n ** 38n - 1n;
    const cases = fc.tuple(fc.bigInt({ min: -limit, max: limit }), fc.integer({ min: 0, max: 38 }));
    fc.assert(
      fc.property(cases, ([unscaled, scale]) => {
        const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
        const point = digits.length - scale;
        const text = `${unscaled < 0n ? '-' : ''}${digits.slice(0, point)}${scale > 0 ? `.${digits.slice(point)}` : ''}`;
        expect(exact({ kind: 'decimal', precision: 38, scale }, text)).toBe(unscaled);
      }),
      {
        examples: [
          [[-128n, 0]],
          [[127n, 0]],
          [[-129n, 0]],
          [[-(2n ** 64n), 2]],
          [[0n, 2]],
          [[9007199254740993n, 0]],
        ],
      },
    );
  });

  test('small numeric takes the short path and pads missing digits', () => {
    fc.assert(
      fc.property(fc.integer({ min: -99999999, max: 99999999 }), (cents) => {
        const text = (cents / 100).toFixed(2);
        expect(exact({ kind: 'decimal', precision: 10, scale: 2 }, text)).toBe(BigInt(cents));
      }),
    );
    expect(exact({ kind: 'decimal', precision: 10, scale: 4 }, '-1.5')).toBe(-15000n);
  });

  test('NaN and infinity have no decimal', () => {
    for (const text of ['NaN', 'Infinity', '-Infinity']) {
      expect(encode({ kind: 'decimal', precision: 10, scale: 2 }, text).outcome).toBe(UNREPRESENTABLE);
    }
  });

  test('float8 and float4 from their shortest text', () => {
    const special: [number][] = [
      [NaN],
      [Infinity],
      [-Infinity],
      [-0],
      [5e-324],
      [1.7976931348623157e308],
      [0.1],
    ];
    fc.assert(
      fc.property(fc.double(), (value) => {
        expect(exact({ kind: 'float64' }, Object.is(value, -0) ? '-0' : String(value))).toBe(value);
      }),
      { examples: special },
    );
    fc.assert(
      fc.property(fc.float(), (value) => {
        const text = Object.is(value, -0) ? '-0' : String(Number(value.toPrecision(9)));
        expect(exact({ kind: 'float32' }, text)).toBe(value);
      }),
    );
  });
});

describe('dates and times from text', () => {
  const MICROS = 1_000_000n;

  test('every day a JavaScript date can tell', () => {
    fc.assert(
      fc.property(fc.integer({ min: -719162, max: 2932896 }), (day) => {
        const text = new Date(day * 86_400_000).toISOString().slice(0, 10);
        expect(exact({ kind: 'date' }, text)).toBe(day);
      }),
    );
  });

  test('five-digit years, BC and infinity', () => {
    expect(exact({ kind: 'date' }, '10000-01-01')).toBe(2932897);
    expect(exact({ kind: 'date' }, '0001-12-31 BC')).toBe(-719163);
    expect(exact({ kind: 'date' }, '4714-11-24 BC')).toBe(-2440588);
    expect(encode({ kind: 'date' }, 'infinity')).toEqual({ outcome: INEXACT, value: 2932896 });
    expect(encode({ kind: 'date' }, '-infinity')).toEqual({ outcome: INEXACT, value: -719162 });
  });

  test('timestamps with and without a zone', () => {
    const cases = fc.tuple(
      fc.date({ min: new Date(-62e12), max: new Date(253e12), noInvalidDate: true }),
      fc.nat(999),
    );
    fc.assert(
      fc.property(cases, ([date, micros]) => {
        const fraction = `${date.toISOString().slice(20, 23)}${String(micros).padStart(3, '0')}`.replace(
          /0+$/,
          '',
        );
        const text = `${date.toISOString().slice(0, 19).replace('T', ' ')}${fraction && `.${fraction}`}`;
        const expected = BigInt(date.getTime()) * 1000n + BigInt(micros);
        expect(exact({ kind: 'timestamp' }, text)).toBe(expected);
        expect(exact({ kind: 'timestamptz' }, `${text}+00`)).toBe(expected);
        expect(exact({ kind: 'timestamptz' }, `${text}-05:30`)).toBe(expected + 19800n * MICROS);
      }),
    );
  });

  test('the ends of Postgres range', () => {
    expect(exact({ kind: 'timestamp' }, '4713-01-01 00:00:00 BC')).toBe(-210863520000n * MICROS);
    expect(exact({ kind: 'timestamp' }, '294246-12-31 23:59:59.999999')).toBe(9223371244799999999n);
    expect(encode({ kind: 'timestamp' }, '294276-12-31 23:59:59.999999')).toEqual({
      outcome: INEXACT,
      value: 253402300799999999n,
    });
    expect(encode({ kind: 'timestamptz' }, 'infinity').value).toBe(253402300799999999n);
    expect(encode({ kind: 'timestamptz' }, '-infinity').value).toBe(-62135596800000000n);
  });

  test('time of day, the end of the day included', () => {
    expect(exact({ kind: 'time' }, '00:00:00')).toBe(0n);
    expect(exact({ kind: 'time' }, '23:59:59.999999')).toBe(86399999999n);
    expect(exact({ kind: 'time' }, '24:00:00')).toBe(86400000000n);
    expect(exact({ kind: 'time' }, '01:02:03.5')).toBe(3723500000n);
  });
});

describe('bytes, booleans and text', () => {
  test('bytea in hex', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const value = exact({ kind: 'bytes' }, `\\x${Buffer.from(bytes).toString('hex')}`) as Buffer;
        expect(Buffer.compare(value, Buffer.from(bytes))).toBe(0);
      }),
    );
  });

  test('both forms of a boolean', () => {
    expect(['t', 'true', 'f', 'false'].map((text) => exact({ kind: 'boolean' }, text))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  test('text of any length and script', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => {
        expect(exact({ kind: 'string' }, text)).toBe(Buffer.from(text).toString());
      }),
    );
  });
});

describe('arrays from text', () => {
  const texts: ColumnType = { kind: 'array', element: { kind: 'string' } };
  const numbers: ColumnType = { kind: 'array', element: { kind: 'int32' } };

  test('any strings and nulls', () => {
    const quote = (item: string | null): string =>
      item === null ? 'NULL' : `"${item.replace(/["\\]/g, (c) => `\\${c}`)}"`;
    const element = fc.oneof(
      fc.constant(null),
      fc.string({ maxLength: 40 }),
      fc.constantFrom('NULL', '{', '",\\', ''),
    );
    fc.assert(
      fc.property(fc.array(element, { maxLength: 20 }), (items) => {
        expect(exact(texts, `{${items.map(quote).join(',')}}`)).toEqual(items);
      }),
    );
  });

  test('unquoted elements, empty arrays and nulls', () => {
    expect(exact(numbers, '{}')).toEqual([]);
    expect(exact(numbers, '{1,NULL,-3}')).toEqual([1, null, -3]);
    expect(exact(texts, '{null,a b}')).toEqual(['null', 'a b']);
  });

  test('more dimensions are flattened, other bounds left out, and both are said', () => {
    expect(encode(numbers, '{{1,2},{3,NULL}}')).toEqual({ outcome: INEXACT, value: [1, 2, 3, null] });
    expect(encode(numbers, '[0:2]={7,8,9}')).toEqual({ outcome: INEXACT, value: [7, 8, 9] });
  });

  test('an element without a representation becomes null, and is said', () => {
    const type: ColumnType = { kind: 'array', element: { kind: 'decimal', precision: 5, scale: 1 } };
    expect(encode(type, '{1.5,NaN}')).toEqual({ outcome: INEXACT, value: [15n, null] });
  });
});
