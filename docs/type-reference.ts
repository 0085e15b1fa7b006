import {
  avroTypeOf,
  describeColumnType,
  type AvroObject,
  type AvroSchema,
  type ColumnType,
} from '@hasivu/change-events';
import { DOCUMENTED_TYPES, mapDeclaration } from '@hasivu/pgoutput';

import { deltaTypeOf } from '../services/lake-sink/src/core/lake-columns.ts';

const HEAD = `# Types

Made from \`libs/pgoutput/src/documented-types.ts\` and the mapping in code by \`node docs/generate.ts\`; a test creates a
table of every type on a real server, compares what the initial copy and the stream give, and asks Postgres whether what
Avro holds is the value that was stored.

A value that its Avro type cannot hold exactly (an infinity, a NaN, an array of unexpected shape) never goes missing
silently: the nearest value or null is written, and the record carries the text as Postgres prints it in the header
\`pg.text.<column>\`.

| Postgres | logical type | Avro | Delta | note |
| --- | --- | --- | --- | --- |`;

const TAIL = `
- **Domains** are their base type, with the modifier that the domain gives it. **Enums**, **composites**
  ([ADR 26](adr/0026-composites-are-text.md)), **ranges** and types of extensions (hstore, geometry, citext, vector) are text
  as Postgres prints them.
- **Arrays** are lists of their element's type. An array declared with more than one dimension is text: a list of lists
  would change its type with the value. Where one dimension is declared and a value has more, its elements are flattened
  row by row and the literal travels in the header.
- **Sessions** that print values run with pinned settings (ISO dates, UTC, hex bytea, shortest precise floats, intervals
  in Postgres style), whatever the server, the role or the database say.
- **Binary or text**: where \`source.postgres.binary\` is \`auto\`, values travel in Postgres' binary form; the events are the
  same, byte for byte, which a test shows with random values of every type. A stream carries either form for all tables, so
  one captured column of a type without a known binary form (\`regclass\`, PostGIS) makes it text; a copy casts just that
  column.
- Every column is nullable in the row record, so that columns can come and go; key columns are never null.
`;

/** `docs/types.md`. */
export function typeReference(): string {
  const rows = DOCUMENTED_TYPES.map(({ declaration, note = '' }) => {
    const type = mapDeclaration(declaration);
    return `| \`${declaration}\` | ${describeColumnType(type)} | ${avroText(avroTypeOf(type))} | ${deltaText(type)} | ${note} |`;
  });
  return `${[HEAD, ...rows].join('\n')}\n${TAIL}`;
}

function avroText(schema: AvroSchema): string {
  if (typeof schema === 'string') return schema;
  const object = schema as AvroObject;
  if (object.type === 'array') {
    const items = (object.items as readonly AvroSchema[])[1];
    return `array of ${items === undefined ? '?' : avroText(items)}`;
  }
  const base = typeof object.type === 'string' ? object.type : avroText(object.type);
  if (object.logicalType === 'decimal')
    return `${base}, decimal(${object.precision ?? 0},${object.scale ?? 0})`;
  return object.logicalType === undefined ? base : `${base}, ${object.logicalType}`;
}

function deltaText(type: ColumnType): string {
  if (type.kind === 'array') return `array of ${deltaText(type.element)}`;
  const delta = deltaTypeOf(type);
  return typeof delta === 'string' ? delta : delta.type;
}
