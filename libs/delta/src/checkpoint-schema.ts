import { mapNode, listNode, type GroupNode, type LeafNode } from './parquet/parquet-schema.ts';

const text = (name: string): LeafNode => ({
  name,
  repetition: 'optional',
  physical: 'bytes',
  logical: { kind: 'string' },
});
const long = (name: string): LeafNode => ({ name, repetition: 'optional', physical: 'int64' });
const int = (name: string): LeafNode => ({ name, repetition: 'optional', physical: 'int32' });
const bool = (name: string): LeafNode => ({ name, repetition: 'optional', physical: 'boolean' });
const struct = (name: string, ...children: GroupNode['children']): GroupNode => ({
  name,
  repetition: 'optional',
  group: 'struct',
  children,
});
const textMap = (name: string): GroupNode =>
  mapNode(name, { ...text('key'), repetition: 'required' }, text('value'));
const texts = (name: string): GroupNode => listNode(name, text('element'));

const VECTOR = struct(
  'deletionVector',
  text('storageType'),
  text('pathOrInlineDv'),
  int('offset'),
  int('sizeInBytes'),
  long('cardinality'),
);

/** Columns of a classic checkpoint: one row per action, one struct column per kind of action. */
export const CHECKPOINT_NODES: readonly GroupNode[] = [
  struct(
    'protocol',
    int('minReaderVersion'),
    int('minWriterVersion'),
    texts('readerFeatures'),
    texts('writerFeatures'),
  ),
  struct(
    'metaData',
    text('id'),
    text('name'),
    text('description'),
    struct('format', text('provider'), textMap('options')),
    text('schemaString'),
    texts('partitionColumns'),
    textMap('configuration'),
    long('createdTime'),
  ),
  struct('txn', text('appId'), long('version'), long('lastUpdated')),
  struct(
    'add',
    text('path'),
    textMap('partitionValues'),
    long('size'),
    long('modificationTime'),
    bool('dataChange'),
    textMap('tags'),
    text('stats'),
    VECTOR,
  ),
  struct(
    'remove',
    text('path'),
    long('deletionTimestamp'),
    bool('dataChange'),
    bool('extendedFileMetadata'),
    textMap('partitionValues'),
    long('size'),
    VECTOR,
  ),
  struct('domainMetadata', text('domain'), text('configuration'), bool('removed')),
];
