import { partitionOf, type SourceMoment } from '@hasivu/change-events';
import type { TupleSpans } from '@hasivu/pgoutput';

import type { CapturedTable } from './captured-table.ts';
import type { EventSink } from './event-sink.ts';
import type { EventWriter, RecordHeaders } from './event-writer.ts';

/**
 * Hands the envelope that `writer` holds to the sink, under the key of `keyRow` where the table has one; copied and
 * streamed rows of a key meet in one partition. Leaves the key in `writer.key`. Returns the partition.
 */
export function appendEvent(
  sink: EventSink,
  writer: EventWriter,
  table: CapturedTable,
  src: Buffer,
  keyRow: TupleSpans,
  moment: SourceMoment,
  headers: RecordHeaders | undefined,
): number {
  const { key, value } = writer;
  const { topic, partitions } = table;
  const atMs = moment.commitTsMs;
  if (table.keyHeader === null) {
    const partition = keylessPartition(moment, partitions);
    sink.append(topic, partition, null, 0, 0, value.bytes, 0, value.pos, atMs, headers);
    return partition;
  }
  writer.writeKey(table, src, keyRow);
  const partition = partitionOf(key.bytes, 0, key.pos, partitions);
  sink.append(topic, partition, key.bytes, 0, key.pos, value.bytes, 0, value.pos, atMs, headers);
  return partition;
}

/** Without a key there is no order to keep: spread by position, the same way at every replay. */
function keylessPartition(moment: SourceMoment, partitions: number): number {
  return ((moment.commitLsnLo >>> 3) + moment.seq) % partitions;
}
