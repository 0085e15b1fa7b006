import type { DeltaField } from '@hasivu/delta';
import { isSameRelation, numberOf, originOf, withOrigin } from './column-origin.ts';

export interface ColumnRules {
  /** Columns may change their names: false keeps to names, a renamed column is then a new one. */
  readonly byOrigin: boolean;
  /** What becomes of columns that the source dropped. */
  readonly onDrop: 'drop' | 'keep';
}

/** What makes columns hold what the source sends. */
export interface ColumnPlan {
  /** Present names → next names, of those that change; all at once, since names can change hands. */
  readonly renamed: ReadonlyMap<string, string>;
  readonly dropped: readonly string[];
  /** The columns then: those that stay in their order, with the wanted types, then the new ones. */
  readonly fields: readonly DeltaField[];
}

/**
 * Which of the existing columns the wanted ones are: by their origin, and where that is not known of one of them, by
 * name. A column that the source dropped makes room where another one takes its name.
 */
export function planColumns(
  existing: readonly DeltaField[],
  wanted: readonly DeltaField[],
  rules: ColumnRules,
): ColumnPlan {
  const claims = claimsOf(existing, wanted, rules.byOrigin);
  const taken = new Set(wanted.map((own) => own.name.toLowerCase()));
  const claimed = new Set(wanted.map(originOf));
  const renamed = new Map<string, string>();
  const dropped: string[] = [];
  const fields: DeltaField[] = [];
  for (const own of existing) {
    const claim = claims.get(own);
    if (claim === undefined && rules.byOrigin && rules.onDrop === 'drop' && isGone(own, wanted)) {
      dropped.push(own.name);
      continue;
    }
    const name = claim === undefined ? keptName(own, taken) : same(own, claim) ? own.name : claim.name;
    if (name !== own.name) renamed.set(own.name, name);
    const origin = originOf(own);
    if (claim !== undefined)
      fields.push(withOrigin({ ...own, name, type: claim.type }, originOf(claim) ?? origin));
    else fields.push(withOrigin({ ...own, name }, claimed.has(origin) ? null : origin));
  }
  const known = new Set(claims.values());
  return { renamed, dropped, fields: [...fields, ...wanted.filter((own) => !known.has(own))] };
}

function claimsOf(
  existing: readonly DeltaField[],
  wanted: readonly DeltaField[],
  byOrigin: boolean,
): Map<DeltaField, DeltaField> {
  const claims = new Map<DeltaField, DeltaField>();
  const open = new Set(wanted);
  const claim = (own: DeltaField | undefined, by: DeltaField): void => {
    if (own === undefined || claims.has(own)) return;
    claims.set(own, by);
    open.delete(by);
  };
  const byName = new Map(existing.map((own) => [own.name.toLowerCase(), own]));
  const named = (own: DeltaField): DeltaField | undefined => byName.get(own.name.toLowerCase());
  if (byOrigin) {
    // What nobody has identified yet is known by its name, also where another column had the origin before.
    for (const one of wanted) {
      const own = named(one);
      if (own !== undefined && originOf(own) === null) claim(own, one);
    }
    const origins = new Map(existing.map((own) => [originOf(own), own]));
    for (const one of [...open]) {
      const origin = originOf(one);
      if (origin !== null) claim(origins.get(origin), one);
    }
  }
  for (const one of [...open]) {
    const own = named(one);
    const [before, now] = [own === undefined ? null : originOf(own), originOf(one)];
    if (byOrigin && before !== null && now !== null && isSameRelation(before, now)) continue;
    claim(own, one);
  }
  return claims;
}

/** The source had it in the table whose columns are wanted now. */
function isGone(own: DeltaField, wanted: readonly DeltaField[]): boolean {
  const origin = originOf(own);
  return origin !== null && wanted.some((one) => isSameRelation(originOf(one) ?? '', origin));
}

function keptName(own: DeltaField, taken: Set<string>): string {
  let name = own.name;
  const number = numberOf(originOf(own) ?? '');
  for (let n = 1; taken.has(name.toLowerCase()); n += 1)
    name = `${own.name}_was_${number}${n === 1 ? '' : `_${n}`}`;
  taken.add(name.toLowerCase());
  return name;
}

/** Names in the lake ignore case. */
function same(left: DeltaField, right: DeltaField): boolean {
  return left.name.toLowerCase() === right.name.toLowerCase();
}
