import { MESSAGE_VALUE_SCHEMA, type SourceMoment } from '@hasivu/change-events';
import type { LogicalMessage } from '@hasivu/pgoutput';
import { checkProperty } from '@hasivu/testing';
import { expect, test } from '@jest/globals';
import avro from 'avsc';
import fc from 'fast-check';

import { MessageEvents } from './message-events.ts';

const LIMIT = 10_000;
const FRAME = 5;
const type = avro.Type.forSchema(MESSAGE_VALUE_SCHEMA as avro.Schema);
const moment: SourceMoment = {
  commitTsMs: 1,
  snapshot: 'false',
  txId: 1,
  lsnHi: 0,
  lsnLo: 7,
  commitLsnHi: 0,
  commitLsnLo: 9,
  seq: 0,
};

test('every message is one event that fits, whoever wrote it; what it lacks is in its headers', async () => {
  const bytes = fc.oneof(fc.nat(300), fc.integer({ min: LIMIT - 300, max: LIMIT + 10 }), fc.nat(100_000));
  await checkProperty(
    fc.property(bytes, fc.oneof(fc.nat(20), fc.nat(5_000)), (length, prefixLength) => {
      const message = {
        prefix: 'é'.repeat(prefixLength),
        transactional: true,
        content: Buffer.alloc(length, 1),
      };
      let events = 0;
      let told = 0;
      new MessageEvents({
        sink: {
          append: (...[, , key, , keyEnd, value, start, end, , headers]) => {
            events++;
            expect(end - start).toBeLessThanOrEqual(LIMIT);
            expect(keyEnd).toBeLessThanOrEqual(2 * 1024 + FRAME + 3);
            expect(key).not.toBeNull();
            const copy = Buffer.from(value?.subarray(start + FRAME, end) ?? []);
            const { message: seen } = type.fromBuffer(copy) as {
              message: { prefix: string; content: Buffer };
            };
            const omitted = Object.fromEntries((headers ?? []).map(([name, text]) => [name, String(text)]));
            const cut = prefixLength > 1024;
            expect(seen.prefix).toBe(message.prefix.slice(0, 1024));
            expect(omitted['pg.omitted.prefix']).toBe(cut ? String(prefixLength * 2) : undefined);
            const whole = seen.content.length === length;
            expect(omitted['pg.omitted.content']).toBe(whole ? undefined : String(length));
            // Nothing is left out that would have fitted.
            if (!whole) expect([seen.content.length, end - start + length > LIMIT - 8]).toEqual([0, true]);
            expect(told).toBe(0);
          },
        },
        ledger: { accept: () => undefined },
        topic: 't',
        partitions: 3,
        maxValueBytes: LIMIT,
        keySchemaId: 1,
        valueSchemaId: 2,
        version: '1',
        sourceName: 'p',
        database: 'd',
        transactions: null,
        omitted: () => told++,
      }).write(message as LogicalMessage, 0, moment, 1);
      expect(events).toBe(1);
    }),
  );
});
