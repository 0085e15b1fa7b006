import type { CatalogTable, TableParts, TablePart } from '@hasivu/postgres';

import type { CapturedTable } from '../core/captured-table.ts';
import { EventWriter } from '../core/event-writer.ts';
import { OP } from '../core/operation.ts';
import type { EventSink } from '../core/event-sink.ts';
import { shapeFingerprint, type PassTable, type PlannedTable } from '../core/snapshot/pass-plan.ts';
import { pagesPerRange } from '../core/snapshot/range-plan.ts';
import { snapshotMoment } from '../core/snapshot/snapshot-moment.ts';
import { truncateSeqOf, type CopiedPart } from '../core/snapshot/table-copy.ts';
import { tableId } from '../core/table-selection.ts';
import type { CopiedTable } from './range-copier.ts';

const COUNT_TRUNCATE = 4;
const NO_TEXT = Buffer.alloc(0);

/** A table as the plan of a pass needs it: its parts as the locked catalog has them. */
export function passTableOf(catalog: CatalogTable, copied: CopiedTable, found: TableParts): PassTable {
  const parts = found.parts.get(catalog.oid) ?? [];
  return {
    name: tableId(catalog),
    oid: catalog.oid,
    shape: shapeFingerprint(copied.table.schema, copied.rowFilter),
    parts: parts.every((part) => part.maySelect) ? parts.map(copiedPart) : [wholeTable(catalog)],
    // A message is sent once: the stream has the rows that the first snapshot did not see, and no copy has them too.
    hasKey: !copied.isOutbox && copied.table.keyFrame !== null,
    identityFull: !copied.isOutbox && catalog.identity === 'full',
    hasToast: parts.some((part) => part.hasToast),
    rangePages: pagesPerRange(
      {
        pages: parts.reduce((sum, part) => sum + (part.pages ?? 0), 0),
        rows: parts.reduce((sum, part) => sum + Math.max(0, part.estimatedRows), 0),
      },
      found.pageBytes,
    ),
  };
}

function copiedPart({ schema, table, oid, filenode, pages }: TablePart): CopiedPart {
  return { schema, table, oid, filenode, pages };
}

/** A table that may be read, but whose partitions may not be read on their own. */
function wholeTable({ schema, table, oid }: CatalogTable): CopiedPart {
  return { schema, table, oid, filenode: 0, pages: null };
}

/** A copy that begins tells readers to forget the rows of an earlier one. */
export function writeTruncate(target: CapturedTable, table: PlannedTable, sink: EventSink): void {
  const writer = new EventWriter();
  const moment = snapshotMoment(table.coveredLsn, Date.now());
  moment.seq = truncateSeqOf(table.copy);
  writer.writeEnvelope(target, OP.truncate, moment, Date.now(), NO_TEXT, null, null);
  const { value } = writer;
  sink.append(target.topic, 0, null, 0, 0, value.bytes, 0, value.pos, moment.commitTsMs);
  target.counts[COUNT_TRUNCATE] = (target.counts[COUNT_TRUNCATE] as number) + 1;
}
