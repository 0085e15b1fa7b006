import { CHECK_PREFIX, constraintsOf, type Constraint } from '@hasivu/delta';
import { holdRows, rowConstraints } from '@hasivu/lake-engine';
import { existingRelation, freshRows, stateFields, type RewriteInput } from '../core/state-sql.ts';
import type { TableShape } from '../core/table-shape.ts';
import type { ChangePlace } from './state-matches.ts';

/** CHECK constraints by name: their expressions. */
export type Checks = Readonly<Record<string, string>>;

/**
 * Holds the rows that a batch writes against what the table declares of its rows, and those that are there against checks
 * that are to be added. @returns the properties that add them
 * @throws LAKE_CONSTRAINT_BROKEN, LAKE_CONSTRAINT_UNENFORCED
 */
export async function enforceConstraints(
  { session, table, local, vectors }: ChangePlace,
  shape: TableShape,
  input: RewriteInput,
  wanted: Checks,
): Promise<Readonly<Record<string, string>>> {
  const { state } = table.delta;
  const { configuration } = state.metadata;
  const added = Object.fromEntries(
    Object.entries(wanted)
      .map(([name, expression]) => [`${CHECK_PREFIX}${name}`, expression] as const)
      .filter(([key, expression]) => configuration[key] !== expression),
  );
  // What is computed here is what it is computed by.
  const computed = new Set((shape.generated ?? []).map(({ own }) => own.name));
  const isGiven = (one: Constraint): boolean => one.kind !== 'generated' || !computed.has(one.column);
  const properties = { configuration: { ...configuration, ...added } };
  const declared = constraintsOf(properties, state.schema, state.protocol).filter(isGiven);
  if (declared.length === 0) return added;
  const fields = stateFields(shape);
  const columns = { root: table.root, schema: { type: 'struct', fields }, columns: state.columns } as const;
  const constraints = await rowConstraints(session, columns, declared);
  await holdRows(session, table.root, constraints, `(${freshRows(shape, input)})`, 'new');
  const names = new Set(Object.keys(added).map((key) => key.slice(CHECK_PREFIX.length)));
  const news = constraints.filter(({ name }) => names.has(name));
  const live = [...state.files.values()];
  if (news.length > 0 && live.length > 0) {
    const rows = existingRelation(shape, await local.groups(live), await vectors.load(live));
    await holdRows(session, table.root, news, rows, 'existing');
  }
  return added;
}
