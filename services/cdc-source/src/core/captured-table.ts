import { KeyFrame, SourceBlockWriter, wireHeader, type TableSchema } from '@hasivu/change-events';
import {
  textEncoderFor,
  TupleSpans,
  unknownBinary,
  type BinaryColumn,
  type ColumnEncoder,
  type ReplicaIdentity,
} from '@hasivu/pgoutput';

import { transformEncoder, type ColumnTransform } from './column-transform.ts';
import type { RowTap } from './row-tap.ts';
import type { TableTally } from './transaction-counts.ts';

/** Positions of the operations in {@link CapturedTable.counts}. */
export const OPERATIONS = ['r', 'c', 'u', 'd', 't'] as const;

export interface CapturedTableOptions {
  readonly schema: TableSchema;
  /** By column what takes the place of its values; nothing where it is absent. */
  readonly transforms?: readonly (ColumnTransform | null)[];
  /** By column of a streamed row its place in `schema`, or -1; null where they are the same. */
  readonly slots?: Int32Array | null;
  readonly identity: ReplicaIdentity;
  /** By column; null where values in binary cannot be read. */
  readonly binary: readonly (BinaryColumn | null)[];
  readonly topic: string;
  readonly partitions: number;
  readonly valueSchemaId: number;
  /** null for a table without a key. */
  readonly keySchemaId: number | null;
  /** Of the first schema that the topic's key had, by which keys are spread; the same where it is absent. */
  readonly firstKeySchemaId?: number;
  /** Bytes that an envelope may take; no bound where it is absent. */
  readonly maxValueBytes?: number;
  /** Version of this software, in every event's source block. */
  readonly version: string;
  /** Logical name of the source: the topic prefix. */
  readonly sourceName: string;
}

/** One version of a table's shape with everything compiled that turns its rows into records. */
export class CapturedTable {
  readonly schema: TableSchema;
  readonly identity: ReplicaIdentity;
  readonly topic: string;
  readonly partitions: number;
  /** For values that come as text. */
  readonly encoders: readonly ColumnEncoder[];
  /** For values that come in binary. */
  readonly binaryEncoders: readonly ColumnEncoder[];
  readonly binary: readonly (BinaryColumn | null)[];
  /** Column indexes of the key, in key order. */
  readonly keyColumns: readonly number[];
  readonly valueHeader: Buffer;
  readonly keyFrame: KeyFrame | null;
  readonly source: SourceBlockWriter;
  /** Of the relation that was compiled last; 0 where it is known from the catalog alone. */
  oid = 0;
  readonly newRow: TupleSpans;
  readonly oldRow: TupleSpans;
  /** Events since they were last taken for the metrics, by position in {@link OPERATIONS}. */
  readonly counts = new Float64Array(OPERATIONS.length);
  /** Events with a value that its type cannot hold exactly, since they were last taken. */
  inexactEvents = 0;
  /** Values that were left out of events too large, since they were last taken. */
  omittedValues = 0;
  /** Bytes that an envelope may take. */
  readonly maxValueBytes: number;
  /** Looks at the table's rows as they pass. */
  tap: RowTap | null = null;
  /** Whether the topic of schema changes has this version. */
  announced = false;
  /** Its events in the transaction at hand, where those are counted. */
  tally: TableTally | null = null;

  constructor(options: CapturedTableOptions) {
    const { schema } = options;
    this.schema = schema;
    this.identity = options.identity;
    this.topic = options.topic;
    this.partitions = options.partitions;
    this.maxValueBytes = options.maxValueBytes ?? Infinity;
    this.encoders = schema.columns.map((column, i) => {
      const transform = options.transforms?.[i] ?? null;
      if (transform === null) return textEncoderFor(column.type);
      return transformEncoder(transform, textEncoderFor(transform.of));
    });
    this.binary = options.binary;
    this.binaryEncoders = options.binary.map((column, i) => {
      const name = schema.columns[i]?.name ?? '';
      const encode =
        column?.encode ?? (() => unknownBinary(`column "${name}" of ${schema.schema}.${schema.table}`));
      const transform = options.transforms?.[i] ?? null;
      return transform === null ? encode : transformEncoder(transform, encode);
    });
    const names = schema.columns.map((column) => column.name);
    this.keyColumns = schema.key.map((name) => names.indexOf(name));
    this.valueHeader = wireHeader(options.valueSchemaId);
    const { keySchemaId, firstKeySchemaId } = options;
    this.keyFrame = keySchemaId === null ? null : new KeyFrame(keySchemaId, firstKeySchemaId);
    this.source = new SourceBlockWriter({
      version: options.version,
      name: options.sourceName,
      database: schema.database,
      schema: schema.schema,
      table: schema.table,
    });
    this.newRow = new TupleSpans(names.length, options.slots);
    this.oldRow = new TupleSpans(names.length, options.slots);
  }
}
