import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

import { DeltaTable, field, type DeltaField } from '@hasivu/delta';
import { Engine, FileCache, OpenTable, uploadEngineFiles } from '@hasivu/lake-engine';
import { createFolderStore } from '@hasivu/object-store';

/** The 12-column table as silver has it. */
const FIELDS: readonly DeltaField[] = [
  field('id', 'long'),
  field('tenant_id', 'integer'),
  field('school_id', 'integer'),
  field('student_id', 'long'),
  field('menu_item', 'string'),
  field('quantity', 'integer'),
  field('unit_price', 'decimal(10,2)'),
  field('status', 'string'),
  field('notes', 'string'),
  field('created_at', 'timestamp'),
  field('updated_at', 'timestamp'),
  field('meta', 'string'),
  field('_lsn', 'long'),
  field('_seq', 'long'),
];

/** Rows of `FROM (SELECT … AS id)`, the same in every engine of the benchmark. @param lsn of all of them */
export function silverRows(lsn: number): string {
  return `id, (id % 500)::INT AS tenant_id, (id % 1000)::INT AS school_id, (id * 7919) % 100000 AS student_id,
    'item-' || (id % 200) AS menu_item, (1 + id % 5)::INT AS quantity, ((id % 1000) / 10.0 + 1)::DECIMAL(10,2) AS unit_price,
    ['placed', 'paid', 'cooking', 'served'][1 + id % 4] AS status, 'note ' || md5((id + ${lsn})::VARCHAR) AS notes,
    make_timestamptz(1767225600000000 + id * 1000) AS created_at, make_timestamptz(1767225600000000 + id * 1000) AS updated_at,
    '{"kitchen": ' || (id % 40) || ', "allergens": ["nut", "milk"]}' AS meta, ${lsn}::BIGINT AS _lsn, id AS _seq`;
}

const ROWS_PER_COMMIT = 1_000_000;
/** As the sink's own files. */
const FILE_BYTES = 8 << 20;
const ENGINE_BYTES = 500e6;

/** Keys 1 to `rows`, in a table of the folder `table` below `folder`, with deletion vectors allowed. */
export async function buildSilverTable(
  folder: string,
  rows: number,
  report: (line: string) => void,
): Promise<void> {
  const store = createFolderStore(folder);
  await using resources = new AsyncDisposableStack();
  const cache = resources.adopt(await FileCache.open(store, 'bench', 2 ** 40), (open) => open.close());
  const engine = resources.adopt(
    new Engine({ folder: join(cache.folder, 'engine'), memoryBytes: ENGINE_BYTES }),
    (open) => open.close(),
  );
  const around = { store, nowMs: Date.now, newId: randomUUID };
  const definition = {
    schema: { type: 'struct', fields: FIELDS },
    configuration: { 'hasivu.key': '["id"]', 'delta.enableDeletionVectors': 'true' },
  } as const;
  const table = await DeltaTable.create('table', definition, around);
  const open = new OpenTable(table, around);
  for (let first = 1; first <= rows; first += ROWS_PER_COMMIT) {
    const last = Math.min(rows, first + ROWS_PER_COMMIT - 1);
    const adds = await engine.exclusively('building a table', async (session) => {
      const query = `SELECT ${silverRows(1)} FROM (SELECT range AS id FROM range(${first}, ${last + 1}))`;
      const written = await session.writeParquet(query, 'rows', FILE_BYTES, [], { codec: 'zstd' });
      return await uploadEngineFiles(open, cache, written, FIELDS, []);
    });
    for (const add of adds) await cache.forget(`table/${add.path}`);
    await table.commit({ actions: adds.map((add) => ({ add })), operation: 'WRITE' });
  }
  await table.checkpoint();
  const bytes = [...table.state.files.values()].reduce((sum, file) => sum + file.size, 0);
  report(`built a table of ${rows} rows: ${table.state.files.size} files, ${Math.round(bytes / 1e6)} MB`);
}
