import { describe, expect, test } from '@jest/globals';
import {
  AvroBuffer,
  AvroCursor,
  AvroDecodeError,
  writeColumn,
  type ColumnValue,
  type TableSchema,
} from '@hasivu/change-events';
import { compilePipeline, type StepDefinition } from '@hasivu/pipeline';
import { checkProperty } from '@hasivu/testing';
import fc from 'fast-check';

import { columns, rowOf } from '../../../../libs/change-events/src/arbitraries.test-data.ts';
import { RowImage } from './row-image.ts';

function encoded(schema: TableSchema, row: readonly ColumnValue[]): Buffer {
  const out = new AvroBuffer();
  schema.columns.forEach(({ type }, i) => writeColumn(out, type, row[i] ?? null));
  return Buffer.from(out.bytes.subarray(0, out.pos));
}

function rewritten(schema: TableSchema, bytes: Buffer, steps: StepDefinition[], reads: number[]): Buffer {
  const pipeline = compilePipeline({ name: 'p', to: 'o', steps }, schema);
  const image = new RowImage(pipeline, new Set([...pipeline.reads, ...reads]));
  // Twice, because the image is reused: nothing of the first row may be left in the second.
  const out = new AvroBuffer(16);
  for (let i = 0; i < 2; i++) {
    out.reset();
    image.read(new AvroCursor().reset(bytes, 0, bytes.length));
    pipeline.run(image.row);
    image.write(out);
  }
  return Buffer.from(out.bytes.subarray(0, out.pos));
}

const table = columns.chain((all) => {
  const schema: TableSchema = { database: '', schema: 's', table: 't', columns: all, key: [] };
  return fc.record({ schema: fc.constant(schema), row: rowOf(all), order: fc.infiniteStream(fc.boolean()) });
});

describe('a row on its way from event to event', () => {
  test('is the same bytes when no step touches it, whatever is decoded on the way', async () => {
    await checkProperty(
      fc.property(table, fc.boolean(), ({ schema, row }, decodeAll) => {
        const bytes = encoded(schema, row);
        const reads = decodeAll ? schema.columns.map((_, i) => i) : [];
        expect(rewritten(schema, bytes, [], reads)).toEqual(bytes);
      }),
      { budgetMs: 1_000 },
    );
  });

  test('without some columns is the bytes of the others, in their order', async () => {
    await checkProperty(
      fc.property(table, ({ schema, row, order }) => {
        const kept = schema.columns.map(() => order.next().value === true);
        const dropped = schema.columns.filter((_, i) => !kept[i]).map((column) => column.name);
        const rest = { ...schema, columns: schema.columns.filter((_, i) => kept[i]) };
        const steps: StepDefinition[] = dropped.length > 0 ? [{ drop: { columns: dropped } }] : [];
        expect(rewritten(schema, encoded(schema, row), steps, [])).toEqual(
          encoded(
            rest,
            row.filter((_, i) => kept[i]),
          ),
        );
      }),
      { budgetMs: 1_000 },
    );
  });

  test('that is cut short anywhere is damage, never a shorter row', async () => {
    await checkProperty(
      fc.property(
        table,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        ({ schema, row }, where) => {
          const bytes = encoded(schema, row);
          const cut = bytes.subarray(0, Math.floor(where * bytes.length));
          expect(() => rewritten(schema, cut, [], [])).toThrow(AvroDecodeError);
        },
      ),
      { budgetMs: 1_000 },
    );
  });
});
