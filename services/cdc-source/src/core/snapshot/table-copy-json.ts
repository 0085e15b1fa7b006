import { formatLsn, parseLsn } from '@hasivu/change-events';

import { RangeSet } from './range-set.ts';
import { rangesOf, type CopiedPart, type TableCopy } from './table-copy.ts';

interface WritablePass {
  readonly lsn: string;
  readonly snapshot: string;
  readonly seen: string;
}

interface WritableCopy extends Omit<TableCopy, 'passes'> {
  readonly passes: readonly WritablePass[];
}

/** A copy as the progress record holds it. */
export function writableCopy(copy: TableCopy): WritableCopy {
  return {
    ...copy,
    passes: copy.passes.map(({ lsn, snapshot, seen }) => ({
      lsn: formatLsn(lsn),
      snapshot,
      seen: seen.serialize(),
    })),
  };
}

/** @throws TypeError, RangeError when it is not what {@link writableCopy} gives */
export function parseTableCopy(value: unknown): TableCopy {
  const raw = value as WritableCopy;
  const parts = raw.parts.map((part): CopiedPart => ({
    schema: String(part.schema),
    table: String(part.table),
    oid: Number(part.oid),
    filenode: Number(part.filenode),
    pages: part.pages === null ? null : Number(part.pages),
  }));
  const layout = {
    firstNumber: Number(raw.firstNumber),
    shape: String(raw.shape),
    rangePages: Number(raw.rangePages),
    parts,
  };
  if (!(layout.rangePages > 0) || raw.passes.length === 0)
    throw new RangeError('a copy has no pages or no pass');
  const size = rangesOf(layout).length;
  const passes = raw.passes.map(({ lsn, snapshot, seen }) => ({
    lsn: parseLsn(lsn),
    snapshot: String(snapshot),
    seen: RangeSet.parse(size, seen),
  }));
  return { ...layout, passes };
}
