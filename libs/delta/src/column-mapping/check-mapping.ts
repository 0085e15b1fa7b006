import type { Action } from '../actions.ts';
import { parseSchema } from '../schema.ts';
import type { TableState } from '../table-state.ts';
import { allFields, columnId, mappingMode, MAX_COLUMN_ID, physicalName } from './mapping-property.ts';

/**
 * What the protocol asks of a commit that changes a table's columns: other engines do not notice a breach, but show
 * one column's values in another. @throws TypeError
 */
export function checkMapping(state: TableState, actions: readonly Action[]): void {
  const metadata = actions.find((action) => 'metaData' in action)?.metaData;
  if (metadata === undefined) return;
  const mode = mappingMode(metadata.configuration);
  const known = state.isComplete ? state.metadata : null;
  const before = known === null ? mode : mappingMode(known.configuration);
  if (mode !== before && (before !== 'none' || (mode === 'id' && state.files.size > 0)))
    throw new TypeError(`the commit changes the table's column mapping from ${before} to ${mode}`);
  if (mode === 'none') return;
  const protocol = actions.find((action) => 'protocol' in action)?.protocol ?? state.protocol;
  if (protocol.minWriterVersion >= 7 && protocol.writerFeatures?.includes('columnMapping') !== true)
    throw new TypeError('the commit maps columns without the table feature columnMapping');
  if (protocol.minWriterVersion < 5) throw new TypeError('the commit maps columns below writer version 5');
  const schema = parseSchema(metadata.schemaString);
  const fields = allFields(schema);
  const ids = fields.map((own) => columnId(own) ?? -1);
  const most = Number(metadata.configuration[MAX_COLUMN_ID] ?? -1);
  if (new Set(ids).size !== ids.length || ids.some((id) => id < 0 || id > most))
    throw new TypeError('the commit has a column without an id of its own');
  if (most < Number(known?.configuration[MAX_COLUMN_ID] ?? 0))
    throw new TypeError('the commit takes back column ids that were given out');
  if (new Set(schema.fields.map(physicalName)).size !== schema.fields.length)
    throw new TypeError('the commit has two columns of one physical name');
  if (known === null || before === 'none' || state.files.size === 0) return;
  const had = new Map(state.schema.fields.map((own) => [columnId(own), own]));
  for (const own of schema.fields) {
    const same = had.get(columnId(own));
    if (same !== undefined && physicalName(same) !== physicalName(own))
      throw new TypeError(`the commit gives the column "${own.name}" another physical name than files have`);
  }
}
