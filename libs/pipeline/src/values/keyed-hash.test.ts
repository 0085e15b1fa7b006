import { createHmac } from 'node:crypto';

import { expect, test } from '@jest/globals';
import { checkProperty } from '@hasivu/testing';
import fc from 'fast-check';

import { KeyedHash } from './keyed-hash.ts';

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.nat({ max: 200 }).map((length) => 'x'.repeat(length)),
);

test('is HMAC-SHA256, for every key and text', async () => {
  await checkProperty(
    fc.property(text, fc.array(text, { minLength: 1, maxLength: 4 }), (secret, texts) => {
      const hash = new KeyedHash(secret);
      for (const one of texts)
        expect(hash.hex(one)).toBe(createHmac('sha256', secret).update(one).digest('hex'));
    }),
    { budgetMs: 1_000 },
  );
  const long = 'é'.repeat(1_000_000);
  expect(new KeyedHash('k').hex(long)).toBe(createHmac('sha256', 'k').update(long).digest('hex'));
});
