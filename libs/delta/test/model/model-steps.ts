import fc from 'fast-check';
import { anyRow } from './row-kinds.ts';

/** One logical operation on both tables; rows by seeds, since the columns are known only when it is done. */
export type ModelStep =
  | { readonly do: 'append' | 'overwrite'; readonly rows: readonly (readonly number[])[] }
  /** Rows whose id leaves this rest: by vectors, or by writing their files again. */
  | { readonly do: 'delete'; readonly every: number; readonly rest: number; readonly marks: boolean }
  /** All rows of the partition value, whole files where the table is partitioned by it. */
  | { readonly do: 'deletePart'; readonly which: number }
  | { readonly do: 'addColumn' | 'widen' | 'compact' | 'checkpoint' | 'cleanLog' | 'vacuum' }
  /** From here on each table is written by the other engine. */
  | { readonly do: 'swap' };

export interface ModelPlan {
  readonly partitioned: boolean;
  readonly vectors: boolean;
  readonly steps: readonly ModelStep[];
}

const rows = (maxLength: number) => fc.array(anyRow, { maxLength });
const plain = (
  ...names: ('addColumn' | 'widen' | 'compact' | 'checkpoint' | 'cleanLog' | 'vacuum' | 'swap')[]
) => fc.record({ do: fc.constantFrom(...names) });

const anyStep: fc.Arbitrary<ModelStep> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('append' as const), rows: rows(12) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('delete' as const),
      every: fc.integer({ min: 2, max: 5 }),
      rest: fc.nat(4),
      marks: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('deletePart' as const), which: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('overwrite' as const), rows: rows(6) }) },
  { weight: 2, arbitrary: plain('addColumn', 'widen') },
  { weight: 3, arbitrary: plain('compact', 'checkpoint') },
  { weight: 2, arbitrary: plain('cleanLog', 'vacuum', 'swap') },
);

export const anyPlan: fc.Arbitrary<ModelPlan> = fc.record({
  partitioned: fc.boolean(),
  vectors: fc.boolean(),
  steps: fc.array(anyStep, { minLength: 4, maxLength: 14 }),
});
