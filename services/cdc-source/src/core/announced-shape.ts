import type { TableSchema } from '@hasivu/change-events';

/** A column as a record of schema changes shows it; what only the catalog knows is there where a statement was seen. */
export interface AnnouncedColumn {
  readonly name: string;
  readonly typeExpression: string;
  readonly optional?: boolean;
  readonly autoIncremented?: boolean;
  readonly generated?: boolean;
  readonly hasDefaultValue?: boolean;
  readonly defaultValueExpression?: string | null;
  readonly comment?: string | null;
}

/** What the topic says of a table's shape. */
export interface AnnouncedShape {
  readonly primaryKeyColumnNames: readonly string[];
  readonly columns: readonly AnnouncedColumn[];
  readonly comment?: string | null;
}

export function shapeOf({ columns, key }: TableSchema): AnnouncedShape {
  return {
    primaryKeyColumnNames: key,
    columns: columns.map(({ name, pgType }) => ({ name, typeExpression: pgType })),
  };
}

/** What differs between two shapes, for people; nothing where they are the same. */
export function describeChanges(before: AnnouncedShape | null, after: AnnouncedShape): string[] {
  if (before === null) return [];
  const old = new Map(before.columns.map((column) => [column.name, column]));
  const now = new Map(after.columns.map((column) => [column.name, column]));
  const changes: string[] = [];
  for (const name of old.keys()) if (!now.has(name)) changes.push(`column ${quoted(name)} is gone`);
  for (const [name, column] of now) {
    const was = old.get(name);
    if (was === undefined) changes.push(`column ${quoted(name)} is new: ${column.typeExpression}`);
    else changes.push(...describeColumn(was, column));
  }
  const kept = (shape: ReadonlyMap<string, unknown>, other: ReadonlyMap<string, unknown>): string =>
    JSON.stringify([...shape.keys()].filter((name) => other.has(name)));
  if (kept(old, now) !== kept(now, old)) changes.push('the columns have another order');
  if (JSON.stringify(before.primaryKeyColumnNames) !== JSON.stringify(after.primaryKeyColumnNames))
    changes.push(`the key is (${after.primaryKeyColumnNames.map(quoted).join(', ')})`);
  if (differ(before.comment, after.comment)) changes.push('the table has another comment');
  return changes;
}

function describeColumn(was: AnnouncedColumn, now: AnnouncedColumn): string[] {
  const changes: string[] = [];
  const name = quoted(now.name);
  if (was.typeExpression !== now.typeExpression)
    changes.push(`column ${name} is ${now.typeExpression}, was ${was.typeExpression}`);
  if (differ(was.optional, now.optional))
    changes.push(`column ${name} ${now.optional === true ? 'can be null' : 'cannot be null'}`);
  if (
    differ(was.hasDefaultValue, now.hasDefaultValue) ||
    differ(was.defaultValueExpression, now.defaultValueExpression)
  )
    changes.push(`column ${name} has ${now.hasDefaultValue === true ? 'another' : 'no'} default`);
  if (differ(was.comment, now.comment)) changes.push(`column ${name} has another comment`);
  return changes;
}

/** A shape from a relation message says nothing of these: that is no difference. */
function differ<T>(was: T | undefined, now: T | undefined): boolean {
  return was !== undefined && now !== undefined && was !== now;
}

/** A name in double quotes, as Debezium gives the parts of a table's id. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
