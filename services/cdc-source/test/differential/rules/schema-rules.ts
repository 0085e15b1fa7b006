import type { Rule } from '../difference.ts';
import { SAME_NUMBER } from '../same-meaning.ts';

const inSchema = (id: string, explains: Rule['explains']): Rule => ({
  id,
  explains: (difference) => difference.op === 'schema' && explains(difference),
});
const isColumn = (path: string): boolean => /^(before|after|key)\./.test(path);

/** Connect's own notes in a schema, which its Avro converter writes. */
const CONNECT = /@(connect\.(version|parameters|default|doc|name|type)|precision|scale|logicalType)$/;

/** Texts that Debezium marks, and are a plain string here. */
const MARKED = new Set([
  'io.debezium.data.Enum',
  'io.debezium.data.Xml',
  'io.debezium.data.Ltree',
  'io.debezium.data.Tsvector',
  'io.debezium.data.TsVector',
]);

export const SCHEMA_RULES: readonly Rule[] = [
  inSchema('field-order', ({ path }) => path === ':order'),
  inSchema('columns-nullable', ({ path, debezium, ours }) => {
    if (path.endsWith(':nullable'))
      return isColumn(path) && debezium?.value === false && ours?.value === true && !path.startsWith('key.');
    return path.endsWith(':default') && isColumn(path) && ours?.value === null;
  }),
  inSchema(
    'snapshot-never-null',
    ({ path }) => path === 'source.snapshot:nullable' || path === 'source.snapshot:type',
  ),
  inSchema('avro-logical-types', ({ path, debezium, ours }) => {
    const expected = SAME_NUMBER.get(debezium?.type.name ?? '');
    return (
      path.endsWith(':type') &&
      expected !== undefined &&
      expected === ours?.type.name &&
      debezium?.type.base === ours.type.base
    );
  }),
  inSchema(
    'marked-texts',
    ({ path, debezium, ours }) =>
      path.endsWith(':type') &&
      MARKED.has(debezium?.type.name ?? '') &&
      ours?.type.name === '' &&
      ours.type.base === 'string',
  ),
  inSchema(
    'schema-notes',
    ({ path }) => CONNECT.test(path) || /@(pgType|pgOrigin|pgInitial|pgLeftOut|pgName|doc)$/.test(path),
  ),
];
