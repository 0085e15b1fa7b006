/** The rules of the configuration file, in the form they have there. */
export type RuleDefinition = { readonly name?: string | undefined } & (
  | { readonly notNull: string }
  | { readonly range: RangeDefinition }
  | {
      readonly set: {
        readonly column: string;
        readonly values: readonly (string | number | boolean)[];
      };
    }
  | { readonly pattern: { readonly column: string; readonly regex: string } }
  | { readonly expression: string }
);

export interface RangeDefinition {
  readonly column: string;
  readonly min?: number | string | undefined;
  readonly max?: number | string | undefined;
}

/** Classification, as OpenLineage's assertions use it. */
export type Assertion = 'not_null' | 'range' | 'accepted_values' | 'pattern' | 'expression';

/** What a rule says, in the words of the expression language where it has them. */
export interface RuleContent {
  readonly assertion: Assertion;
  readonly column: string | undefined;
  /** The condition as an expression; for a pattern the pattern itself. */
  readonly content: string;
  /** Why a row is refused; names columns and limits, never a value. */
  readonly reason: string;
}

export function contentOf(rule: RuleDefinition): RuleContent {
  if ('notNull' in rule) {
    const column = rule.notNull;
    return {
      assertion: 'not_null',
      column,
      content: `${quoted(column)} is not null`,
      reason: `${column} is null`,
    };
  }
  if ('range' in rule) return rangeContent(rule.range);
  if ('set' in rule) {
    const { column, values } = rule.set;
    return {
      assertion: 'accepted_values',
      column,
      content: `${quoted(column)} in (${values.map(literal).join(', ')})`,
      reason: `${column} is none of the ${values.length} accepted values`,
    };
  }
  if ('pattern' in rule) {
    const { column, regex } = rule.pattern;
    return { assertion: 'pattern', column, content: regex, reason: `${column} does not match ${regex}` };
  }
  return {
    assertion: 'expression',
    column: undefined,
    content: rule.expression,
    reason: `not so: ${rule.expression}`,
  };
}

/** The rule's own name, or one that says what it checks. */
export function ruleName(rule: RuleDefinition): string {
  if (rule.name !== undefined) return rule.name;
  const { assertion, column, content } = contentOf(rule);
  return column === undefined ? `${assertion}(${content.slice(0, 80)})` : `${assertion}(${column})`;
}

function rangeContent({ column, min, max }: RangeDefinition): RuleContent {
  const parts = [
    ...(min === undefined ? [] : [`${quoted(column)} >= ${literal(min)}`]),
    ...(max === undefined ? [] : [`${quoted(column)} <= ${literal(max)}`]),
  ];
  return {
    assertion: 'range',
    column,
    content: parts.join(' and ') || 'true',
    reason: `${column} is outside of ${min ?? '-∞'} … ${max ?? '∞'}`,
  };
}

function quoted(column: string): string {
  return `"${column.replaceAll('"', '""')}"`;
}

function literal(value: string | number | boolean): string {
  return typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value);
}
