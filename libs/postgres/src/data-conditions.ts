const DATA_EXCEPTION = '22';
/** What PL/pgSQL raises: the text is whatever the function's author made of the row. */
const PLPGSQL = 'P0';

/** Names of PostgreSQL's manual, appendix A. */
const CONDITIONS: Readonly<Record<string, string>> = {
  '22000': 'data exception',
  '22001': 'string data right truncation',
  '22002': 'null value no indicator parameter',
  '22003': 'numeric value out of range',
  '22004': 'null value not allowed',
  '22007': 'invalid datetime format',
  '22008': 'datetime field overflow',
  '22009': 'invalid time zone displacement value',
  '2200F': 'zero length character string',
  '2200H': 'sequence generator limit exceeded',
  '2200L': 'not an xml document',
  '2200M': 'invalid xml document',
  '2200N': 'invalid xml content',
  '22011': 'substring error',
  '22012': 'division by zero',
  '22013': 'invalid preceding or following size',
  '22015': 'interval field overflow',
  '22018': 'invalid character value for cast',
  '22019': 'invalid escape character',
  '2201B': 'invalid regular expression',
  '2201E': 'invalid argument for logarithm',
  '2201F': 'invalid argument for power function',
  '2201G': 'invalid argument for width bucket function',
  '22021': 'character not in repertoire',
  '22023': 'invalid parameter value',
  '22024': 'unterminated c string',
  '22025': 'invalid escape sequence',
  '22026': 'string data length mismatch',
  '2202E': 'array subscript error',
  '22030': 'duplicate json object key value',
  '22031': 'invalid argument for sql json datetime function',
  '22032': 'invalid json text',
  '22033': 'invalid sql json subscript',
  '22034': 'more than one sql json item',
  '22035': 'no sql json item',
  '22036': 'non numeric sql json item',
  '22038': 'singleton sql json item required',
  '22039': 'sql json array not found',
  '2203A': 'sql json member not found',
  '2203B': 'sql json number not found',
  '2203C': 'sql json object not found',
  '2203F': 'sql json scalar required',
  '2203G': 'sql json item cannot be cast to target type',
  '22P01': 'floating point exception',
  '22P02': 'invalid text representation',
  '22P03': 'invalid binary representation',
  '22P04': 'bad copy file format',
  '22P05': 'untranslatable character',
  P0000: 'plpgsql error',
  P0001: 'raise exception',
  P0002: 'no data found',
  P0003: 'too many rows',
  P0004: 'assert failure',
};

/**
 * The name of a condition whose message may hold a value, in place of that message; null for a condition that is about
 * objects and settings. No rule over the text would do: it is in the server's language, with that language's quotes or
 * with none.
 */
export function conditionOf(sqlState: string): string | null {
  if (!sqlState.startsWith(DATA_EXCEPTION) && !sqlState.startsWith(PLPGSQL)) return null;
  const name = CONDITIONS[sqlState] ?? (sqlState.startsWith(PLPGSQL) ? 'plpgsql error' : 'data exception');
  return `${name} (SQLSTATE ${sqlState})`;
}
