import { partitionId, type AddFile, type TableSnapshot, type TableState } from '@hasivu/delta';
import { isPlatformError, PlatformError } from '@hasivu/errors';
import type { Engine } from '../engine.ts';
import type { EngineSession } from '../engine-session.ts';
import { identifier, partitionConstant } from '../engine-sql.ts';
import { parsePredicate, type RowPredicate } from '../predicate/row-predicate.ts';

/** Partitions of a table that somebody chose by a condition. */
export interface PartitionChoice {
  /** As it was written. */
  readonly predicate: string;
  /** Which files of a version are in such a partition. */
  takesIn(state: TableState): Promise<(file: AddFile) => boolean>;
}

/** Partitions that the engine is asked about by one query. */
const ASKED_AT_ONCE = 1_000;

/**
 * Reads a condition over the columns that name a table's partitions, in the engine's SQL.
 * @throws LAKE_CHOICE_INVALID saying what is wrong with it
 */
export async function choosePartitions(
  engine: Engine,
  { root, state }: TableSnapshot,
  predicate: string,
): Promise<PartitionChoice> {
  const { partitionColumns } = state.metadata;
  const known =
    partitionColumns.length === 0
      ? 'the table has no partitions'
      : `its partitions are named by ${partitionColumns.join(', ')}`;
  if (partitionColumns.length === 0) throw invalid(root, known);
  const parsed = await engine.exclusively(`reading a choice of partitions of ${root}`, async (session) => {
    try {
      return await parsePredicate(
        session,
        { root, schema: partitionsOf(state), columns: state.columns },
        predicate,
      );
    } catch (error) {
      if (!isPlatformError(error) || error.code !== 'LAKE_PREDICATE_INVALID') throw error;
      throw invalid(root, `${error.why ?? 'it is no condition'}: ${known}`);
    }
  });
  return {
    predicate,
    takesIn: (now) =>
      engine.exclusively(`choosing partitions of ${root}`, (session) => chosenIn(session, now, parsed)),
  };
}

function partitionsOf({ schema, metadata: { partitionColumns } }: TableState) {
  const fields = schema.fields.filter(({ name }) => partitionColumns.includes(name));
  return { type: 'struct', fields } as const;
}

async function chosenIn(
  session: EngineSession,
  state: TableState,
  { sql }: RowPredicate,
): Promise<(file: AddFile) => boolean> {
  const { fields } = partitionsOf(state);
  const idOf = (file: AddFile): string =>
    partitionId(
      fields.map(({ name }) => name),
      state.columns.namedValues(file.partitionValues),
    );
  const partitions = new Map([...state.files.values()].map((file) => [idOf(file), file] as const));
  const ids = [...partitions.keys()];
  const chosen = new Set<string>();
  const names = ['__at', ...fields.map(({ name }) => identifier(name))].join(', ');
  for (let from = 0; from < ids.length; from += ASKED_AT_ONCE) {
    const rows = ids.slice(from, from + ASKED_AT_ONCE).map((id, at) => {
      const values = state.columns.namedValues(partitions.get(id)?.partitionValues ?? {});
      const constants = fields.map(({ name, type }) => partitionConstant(values[name] ?? null, type));
      return `(${[from + at, ...constants].join(', ')})`;
    });
    const query = `SELECT __at FROM (VALUES ${rows.join(', ')}) p(${names}) WHERE ${sql}`;
    for (const { __at } of await session.rows(query)) chosen.add(ids[Number(__at)] as string);
  }
  return (file) => chosen.has(idOf(file));
}

function invalid(root: string, why: string): PlatformError {
  return new PlatformError('LAKE_CHOICE_INVALID', {
    doing: `choosing files of the table ${root}`,
    why,
    context: { table: root },
  });
}
