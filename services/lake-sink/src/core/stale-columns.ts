import { evolveSchema, type DeltaField } from '@hasivu/delta';
import type { ColumnPlan } from './column-plan.ts';
import { settingOf, type GeneratedColumn } from './generated-columns.ts';

/** Generated columns whose values are not those of their expressions any more when the others have changed. */
export interface StaleColumns {
  /** A column of the expression is another one, or of another type. */
  readonly names: ReadonlySet<string>;
  /** Those of them whose values only get another type, as sums of whole numbers do. */
  readonly sameValues: ReadonlySet<string>;
}

/** @param plan of the columns that are given @param generated over the columns by their next names */
export function staleColumns(
  existing: readonly DeltaField[],
  plan: ColumnPlan,
  generated: readonly GeneratedColumn[],
): StaleColumns {
  const moved = new Set([...plan.renamed].flat().concat(plan.dropped).map(lower));
  const next = new Map(plan.fields.map((own) => [lower(own.name), own]));
  const before = new Map(existing.map((own) => [lower(own.name), own]));
  const names = new Set<string>();
  const sameValues = new Set<string>();
  for (const { own, columns } of generated) {
    if (!before.has(lower(own.name))) continue;
    const used = [...columns].map(lower);
    const isMoved = used.some((name) => moved.has(name));
    const widened = used.filter((name) => isWidened(before.get(name), next.get(name)));
    if (!isMoved && widened.length === 0) continue;
    names.add(own.name);
    // Sums of floats are rounded to fewer digits than those of the doubles that hold them.
    if (!isMoved && widened.every((name) => before.get(name)?.type !== 'float')) sameValues.add(own.name);
  }
  return { names, sameValues };
}

/** Those that have a setting are taken out and made anew: their types can be any. */
export function madeAnew(existing: readonly DeltaField[], { names }: StaleColumns): string[] {
  return existing.filter((own) => names.has(own.name) && settingOf(own) !== null).map((own) => own.name);
}

function isWidened(before: DeltaField | undefined, next: DeltaField | undefined): boolean {
  if (before === undefined || next === undefined) return false;
  const fields = (own: DeltaField): { readonly type: 'struct'; readonly fields: readonly DeltaField[] } => ({
    type: 'struct',
    fields: [{ ...own, name: before.name }],
  });
  return evolveSchema(fields(before), fields(next)) !== null;
}

function lower(name: string): string {
  return name.toLowerCase();
}
