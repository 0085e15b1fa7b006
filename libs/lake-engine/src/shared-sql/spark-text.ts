import { NotShared } from './shared-term.ts';

/** One piece of the text: white space, a text, a name in backticks, a word, a number, a sign. */
const PIECE = /\s+|'[^']*'|`[^`]+`|[\p{L}_][\p{L}\p{N}_]*|\d[\p{L}\p{N}_.]*|[-+*%(),=<>!|.]/uy;

/**
 * An expression of Spark's SQL as this engine reads it: names are in double quotes, since it has other reserved words.
 * Whatever each of them takes for something else is refused: double quotes, escapes,
 * comments, variables.
 * @throws NotShared
 */
export function engineText(spark: string): string {
  let text = '';
  let before = '';
  let word = '';
  PIECE.lastIndex = 0;
  while (PIECE.lastIndex < spark.length) {
    const at = PIECE.lastIndex;
    const [piece] = PIECE.exec(spark) ?? [];
    if (piece === undefined) throw new NotShared(`"${spark[at] as string}" in it is read in two ways`);
    // Of two texts side by side Spark makes one, or one with a quote; a letter before a text says what kind it is of.
    if (
      piece.startsWith("'") &&
      (/[\p{L}\p{N}_']$/u.test(before) || piece.includes('\\') || piece.includes('$'))
    )
      throw new NotShared('texts in it have a quote, a backslash, a dollar or a prefix');
    if (piece === '-' && before === '-') throw new NotShared('it has a comment');
    const rest = spark.slice(at + piece.length);
    const isName =
      /^[\p{L}_]/u.test(piece) &&
      !STRUCTURE.has(piece.toLowerCase()) &&
      word !== 'as' &&
      !/^\s*[('`]/u.test(rest);
    // Without digits it has 10 and no places in Spark, and others here.
    const isBare = word === 'as' && /^(?:decimal|dec|numeric)$/iu.test(piece) && !/^\s*\(/u.test(rest);
    if (isBare) text += `${piece}(10,0)`;
    else if (piece.startsWith('`')) text += quoted(piece.slice(1, -1));
    else text += isName ? quoted(piece) : piece;
    before = piece;
    if (piece.trim() !== '') word = piece.toLowerCase();
  }
  return text;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The name in Spark's SQL: in backticks where it is more than a word that both engines take for a name. */
export function sparkName(name: string): string {
  return /^[a-z_][a-z0-9_]*$/iu.test(name) && !WORDS.has(name.toLowerCase()) ? name : `\`${name}\``;
}

export function sparkText(value: string): string {
  if (/['\\$]/u.test(value)) throw new NotShared('texts in it have a quote, a backslash or a dollar');
  return `'${value}'`;
}

/** Words that both engines take for no name, wherever they stand. */
const STRUCTURE = new Set(
  `and as between both case cast distinct else end escape false for from in is leading like not null or then trailing
  true when`.split(/\s+/u),
);

const WORDS = new Set(
  `all and anti any array as asc at authorization between both by case cast check collate column constraint create cross
  cube current current_date current_time current_timestamp current_user date default delete desc describe distinct drop
  else end escape except exists extract false fetch filter for foreign from full function grant group grouping having if in
  inner insert intersect interval into is join lateral leading left like limit map minus natural no not null nullif of
  offset on only or order outer overlaps partition position primary range references right row rows select semi
  session_user set some struct substr substring table then time timestamp timestamp_ltz timestamp_ntz to trailing trim true
  truncate union unique unknown update user using values when where window with within year month day hour minute second`.split(
    /\s+/u,
  ),
);
