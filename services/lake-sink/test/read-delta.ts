import { python, type BucketPrefix } from '@hasivu/testing';

export type DeltaRow = Record<string, unknown>;

export interface DeltaSnapshot {
  readonly version: number;
  readonly rows: readonly DeltaRow[];
  /** Arrow's names of the column types. */
  readonly types: Record<string, string>;
  readonly partitionColumns: readonly string[];
  readonly files: readonly string[];
  readonly readerFeatures: readonly string[];
}

/** Python: tables of the lake by deltalake (`open_table`, `table_at`), their rows as an Arrow table (`table_of`), values as text (`plain`). */
export const DELTALAKE = `
import base64, datetime, decimal, json, os, sys
import pyarrow as pa
from deltalake import DeltaTable, QueryBuilder
# to_pyarrow_table refuses tables with deletion vectors or mapped columns; deltalake's own engine does not.
def table_of(t):
    if not {'deletionVectors', 'columnMapping'} & set(t.protocol().reader_features or []): return t.to_pyarrow_table()
    a = pa.table(QueryBuilder().register('t', t).execute('select * from t').read_all())
    plain = lambda f: f.type.value_type if pa.types.is_dictionary(f.type) else f.type
    text = lambda y: pa.string() if pa.types.is_string_view(y) or pa.types.is_large_string(y) else pa.binary() if pa.types.is_binary_view(y) else y
    return a.cast(pa.schema([pa.field(f.name, text(plain(f))) for f in a.schema]))
def plain(v):
    if isinstance(v, bool) or v is None or isinstance(v, str): return v
    if isinstance(v, int): return str(v)
    if isinstance(v, float): return repr(v)
    if isinstance(v, decimal.Decimal): return format(v, 'f')
    if isinstance(v, bytes): return base64.b16encode(v).decode()
    if isinstance(v, (datetime.datetime, datetime.date)): return v.isoformat()
    if isinstance(v, list): return [plain(x) for x in v]
    raise TypeError(type(v))
o = json.loads(os.environ['LAKE'])
options = None if 'folder' in o else {'AWS_ENDPOINT_URL': o['endpoint'], 'AWS_ACCESS_KEY_ID': o['accessKeyId'], 'AWS_SECRET_ACCESS_KEY': o['secretAccessKey'],
  'AWS_REGION': o['region'], 'AWS_ALLOW_HTTP': 'true'}
def table_at(version):
    uri = '%s/%s' % (o['folder'], sys.argv[1]) if 'folder' in o else 's3://%s/%s/%s' % (o['bucket'], o['prefix'], sys.argv[1])
    return DeltaTable(uri, version=version, storage_options=options)
def open_table(): return table_at(None)
`;

const SCRIPT = `
${DELTALAKE}
try:
    t = open_table()
except Exception as e:
    if 'TableNotFoundError' == type(e).__name__: print('null'); sys.exit(0)
    raise
a = table_of(t)
names = a.column_names
rows = [{n: plain(v) for n, v in r.items()} for r in a.to_pylist()]
print(json.dumps({'version': t.version(), 'rows': rows, 'types': {f.name: str(f.type) for f in a.schema},
  'partitionColumns': t.metadata().partition_columns, 'files': t.file_uris(), 'readerFeatures': t.protocol().reader_features or []}))
`;

/** A table as the Python deltalake reads it: numbers as exact text. Null when there is none. */
export async function readDelta(lake: LakePlace, root: string): Promise<DeltaSnapshot | null> {
  return JSON.parse(await python(SCRIPT, [root], { env: { LAKE: lakeFacts(lake) } })) as DeltaSnapshot | null;
}

/** A bucket, or a folder on disk. */
export type LakePlace = BucketPrefix | { readonly folder: string };

/** What Python takes from its environment as LAKE. */
export function lakeFacts(lake: LakePlace): string {
  if ('folder' in lake) return JSON.stringify(lake);
  const { endpoint, bucket, prefix, region, accessKeyId, secretAccessKey } = lake;
  return JSON.stringify({ endpoint, bucket, prefix, region, accessKeyId, secretAccessKey });
}
