import { createHmac } from 'node:crypto';

import { AvroBuffer, AvroCursor, type ColumnType } from '@hasivu/change-events';
import { EXACT, textEncoderFor } from '@hasivu/pgoutput';
import { checkProperty } from '@hasivu/testing';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { transformEncoder, type ColumnTransform } from './column-transform.ts';

function treated(transform: ColumnTransform, text: string): string {
  const out = new AvroBuffer(16);
  const src = Buffer.from(`..${text}..`);
  const encode = transformEncoder(transform, textEncoderFor(transform.of));
  expect(encode(src, 2, src.length - 2, out)).toBe(EXACT);
  return new AvroCursor().reset(out.bytes, 0, out.pos).readString();
}

const of = (kind: 'string' | 'uuid' | 'int64' | 'bytes'): ColumnType => ({ kind });
const hmac = (value: string | Buffer): string => createHmac('sha256', 'salt').update(value).digest('hex');

test('a mask is the same whatever the value', () => {
  const mask: ColumnTransform = {
    kind: 'mask',
    bytes: Buffer.from('•••'),
    of: { kind: 'decimal', precision: 4, scale: 1 },
  };
  expect([treated(mask, 'NaN'), treated(mask, '1.5')]).toEqual(['•••', '•••']);
});

test('truncation keeps whole characters', async () => {
  await checkProperty(
    fc.property(fc.string({ unit: 'binary' }), fc.nat(12), (text, characters) => {
      const expected = [...text].slice(0, characters).join('');
      expect(treated({ kind: 'truncate', characters, of: of('string') }, text)).toBe(expected);
    }),
  );
});

test('a hash is the HMAC of the text, the digits or the bytes', async () => {
  await checkProperty(
    fc.property(fc.string(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (text, integer) => {
      expect(treated({ kind: 'hash', salt: 'salt', of: of('string') }, text)).toBe(hmac(text));
      expect(treated({ kind: 'hash', salt: 'salt', of: of('int64') }, String(integer))).toBe(
        hmac(String(integer)),
      );
    }),
  );
  expect(treated({ kind: 'hash', salt: 'salt', of: of('bytes') }, '\\x00ff')).toBe(
    hmac(Buffer.from([0, 255])),
  );
});
