import { foldName } from '../../fold-name.ts';
import { eachNode, type AnyNode, type OutputNode, type SelectNode } from './statement-tree.ts';

/** What an output column is of the rows that a SELECT reads, as its own conditions would name it; null when it cannot be told. */
export type Output = (column: string) => readonly string[] | null;

/** Nothing among these makes one row of several, or several of one. */
const ROW_BY_ROW = new Set([
  'COLUMN_REF',
  'CONSTANT',
  'CAST',
  'COMPARISON',
  'CONJUNCTION',
  'OPERATOR',
  'BETWEEN',
  'CASE',
]);

/**
 * The columns of a SELECT whose answer has a row for each row of its FROM that its WHERE lets through, and no other; null of
 * any other SELECT: of groups, DISTINCT, LIMIT, windows and whatever calls a function. Where rows are sorted does not matter.
 */
export function outputOf(select: SelectNode): Output | null {
  const { select_list: items = [], from_table: from } = select;
  if (!isRowByRow(select) || from === undefined) return null;
  const stars = items.filter(isStar);
  const others = items.filter((item) => !isStar(item));
  if (!stars.every(isPlainStar) || !others.every(isPlain)) return null;
  const names = others.map(nameOf);
  const [star, second] = stars;
  // The engine makes a name of the expression, which may be that of a column beside it: of NULL it is `NULL`.
  if (second !== undefined || !names.every((name) => name !== null)) return null;
  // What a star stands for is not known here: it may have each of the names too.
  const repeated = new Set(star === undefined ? names.filter((name, at) => names.indexOf(name) < at) : names);
  return (column) => {
    const asked = foldName(column);
    if (mayBeNumbered(asked, repeated)) return null;
    if (star === undefined) {
      const one = others[names.indexOf(asked)];
      return one?.class === 'COLUMN_REF' ? (one.column_names ?? null) : null;
    }
    if (star.relation_name !== '') return [star.relation_name ?? '', column];
    return from.type === 'JOIN' ? null : [column];
  };
}

/**
 * Whether the name is one of these, or what the engine may make of one for the next column of that name: outside, the second
 * `id` is `id_1`, and a column of that name behind it is `id_1_1`.
 */
function mayBeNumbered(name: string, repeated: ReadonlySet<string>): boolean {
  for (let left = name; ; left = left.replace(/_\d+$/u, '')) {
    if (repeated.has(left)) return true;
    if (!/_\d+$/u.test(left)) return false;
  }
}

function isRowByRow(select: SelectNode): boolean {
  const { modifiers, group_expressions: groups, group_sets: sets, having, qualify, sample } = select;
  return (
    select.aggregate_handling === 'STANDARD_HANDLING' &&
    modifiers?.every(({ type }) => type === 'ORDER_MODIFIER') === true &&
    groups?.length === 0 &&
    sets?.length === 0 &&
    having === null &&
    qualify === null &&
    sample === null
  );
}

const isStar = ({ class: kind }: OutputNode): boolean => kind === 'STAR';

function isPlainStar(item: OutputNode): boolean {
  // All columns of a star with an alias have that name, and numbers behind it.
  const {
    alias = '',
    exclude_list: excluded,
    replace_list: replaced,
    rename_list: renamed,
    columns,
    expr,
  } = item;
  const lists = [excluded, replaced, renamed, item.qualified_exclude_list];
  const takesAll = lists.every((list) => list === undefined || list.length === 0);
  return takesAll && alias === '' && columns !== true && !expr;
}

function isPlain(item: OutputNode): boolean {
  let plain = true;
  eachNode(item, (node: AnyNode & { readonly is_operator?: boolean }) => {
    if (node.class === undefined) return;
    plain &&= ROW_BY_ROW.has(node.class) || (node.class === 'FUNCTION' && node.is_operator === true);
  });
  return plain;
}

/** Folded; null where the engine makes one. */
function nameOf({ alias = '', class: kind, column_names: path = [] }: OutputNode): string | null {
  if (alias !== '') return foldName(alias);
  const last = path.at(-1);
  return kind === 'COLUMN_REF' && last !== undefined ? foldName(last) : null;
}
