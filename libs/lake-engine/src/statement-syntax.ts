import { text } from './engine-sql.ts';
import type { EngineSession } from './engine-session.ts';

/** What parses and asks: a session of the engine. */
export type EngineQueries = Pick<EngineSession, 'rows'>;

/** A text as the engine's `json_serialize_sql` has it, numbers with every digit. */
export interface ParsedStatements {
  readonly statements: readonly object[];
}

/** Nothing of the text is run. `mistake` says what is wrong with it: the engine serializes statements that read, no others. */
export async function parseStatement(
  session: EngineQueries,
  sql: string,
): Promise<ParsedStatements | { readonly mistake: string }> {
  const [row] = await session.rows(`SELECT json_serialize_sql(${text(sql)}) AS tree`);
  const tree = parseExactly(row?.['tree'] as string) as {
    readonly error?: boolean;
    readonly error_message?: string;
    readonly statements?: readonly object[];
  };
  if (tree.error === true) return { mistake: tree.error_message ?? 'it cannot be parsed' };
  return { statements: tree.statements ?? [] };
}

/** The text of an expression. @param node as `parseStatement` gave it */
export async function expressionText(session: EngineQueries, node: object): Promise<string> {
  const statement = {
    error: false,
    statements: [{ node: { ...EMPTY_SELECT, select_list: [node] }, named_param_map: [] }],
  };
  const [written] = await session.rows(
    `SELECT json_deserialize_sql(${text(JSON.stringify(statement))}) AS sql`,
  );
  return (written?.['sql'] as string).replace(/^SELECT /u, '');
}

const EMPTY_SELECT = {
  type: 'SELECT_NODE',
  modifiers: [],
  cte_map: { map: [] },
  from_table: { type: 'EMPTY', alias: '', sample: null },
  where_clause: null,
  group_expressions: [],
  group_sets: [],
  aggregate_handling: 'STANDARD_HANDLING',
  having: null,
  sample: null,
  qualify: null,
};

const { rawJSON } = JSON as unknown as { rawJSON: (this: void, text: string) => unknown };

/** Numbers keep their digits: they go back to the engine. */
function parseExactly(json: string): unknown {
  const parse = JSON.parse as (
    text: string,
    revive: (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ) => unknown;
  return parse(json, (_, value, { source }) =>
    typeof value === 'number' ? rawJSON(source ?? String(value)) : value,
  );
}
