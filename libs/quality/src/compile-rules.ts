import { createHash } from 'node:crypto';

import { describeColumnType, type ColumnType, type ColumnValue } from '@hasivu/change-events';
import { PlatformError } from '@hasivu/errors';

import { LinearMatcher } from './pattern/linear-matcher.ts';
import { PatternMistake } from './pattern/pattern-mistake.ts';
import { contentOf, ruleName, type Assertion, type RuleDefinition } from './rule-definition.ts';

/** Columns of the rows to check. */
export type RuleScope = ReadonlyMap<string, { readonly slot: number; readonly type: ColumnType }>;

/** Compiles a condition of the expression language; an Error that it throws is shown to the person. */
export type PredicateCompiler = (
  source: string,
  scope: RuleScope,
) => {
  readonly evaluate: (values: readonly ColumnValue[]) => ColumnValue;
  readonly slots: readonly number[];
};

export interface RuleContext {
  readonly pipeline: string;
  readonly scope: RuleScope;
  /** Given from outside: the expression language belongs to the pipelines. */
  readonly compilePredicate: PredicateCompiler;
}

/** A rule compiled for one schema. */
export interface Rule {
  readonly name: string;
  /** Changes with the rule's definition. */
  readonly fingerprint: string;
  readonly assertion: Assertion;
  readonly column: string | undefined;
  readonly content: string;
  readonly reason: string;
  readonly slots: readonly number[];
  /** True for a good row; null (unknown) counts as good, as in a CHECK constraint. */
  readonly holds: (values: readonly ColumnValue[]) => ColumnValue;
}

/** Longest text that a pattern looks at, in UTF-16 units; a longer one breaks the rule. */
const MAX_TEXT = 1_000_000;

/** @throws PlatformError PIPELINE_RULE_INVALID */
export function compileRules(rules: readonly RuleDefinition[], context: RuleContext): Rule[] {
  return rules.map((rule, index) => {
    const name = ruleName(rule);
    const { reason, assertion, column, content } = contentOf(rule);
    try {
      const { holds, slots } =
        'pattern' in rule ? pattern(rule.pattern, context.scope) : predicate(content, context);
      return { name, fingerprint: fingerprint(rule), assertion, column, content, reason, slots, holds };
    } catch (error) {
      throw explained(error, rule, index, context.pipeline);
    }
  });
}

/**
 * Finds the mistakes that need no table: syntax of expressions and patterns.
 * @throws PlatformError PIPELINE_RULE_INVALID for the first
 */
export function checkRules(
  rules: readonly RuleDefinition[],
  context: { readonly pipeline: string; readonly parse: (source: string) => unknown },
): void {
  rules.forEach((rule, index) => {
    try {
      if ('pattern' in rule) new LinearMatcher(rule.pattern.regex);
      else context.parse(contentOf(rule).content);
    } catch (error) {
      throw explained(error, rule, index, context.pipeline);
    }
  });
}

type Holds = Pick<Rule, 'holds' | 'slots'>;

function predicate(content: string, context: RuleContext): Holds {
  const { evaluate, slots } = context.compilePredicate(content, context.scope);
  return { holds: evaluate, slots };
}

function pattern({ column, regex }: { column: string; regex: string }, scope: RuleScope): Holds {
  const known = scope.get(column);
  if (!known)
    throw new PatternMistake(`there is no column ${JSON.stringify(column)} in the finished rows`, 0);
  const { slot, type } = known;
  if (type.kind !== 'string' && type.kind !== 'uuid' && type.kind !== 'json')
    throw new PatternMistake(`a pattern needs text, ${column} is ${describeColumnType(type)}`, 0);
  const matcher = new LinearMatcher(regex);
  return {
    slots: [slot],
    holds: (values) => {
      const value = values[slot];
      if (typeof value !== 'string') return null;
      return value.length <= MAX_TEXT && matcher.test(value);
    },
  };
}

// The name is part of it, because people tell rules apart by name in the quarantine topic.
function fingerprint(rule: RuleDefinition): string {
  const { assertion, column, content } = contentOf(rule);
  return createHash('sha256')
    .update(JSON.stringify([ruleName(rule), assertion, column ?? null, content]))
    .digest('hex')
    .slice(0, 16);
}

function explained(error: unknown, rule: RuleDefinition, index: number, pipeline: string): unknown {
  if (!(error instanceof Error)) return error;
  const { at } = error as { at?: unknown };
  if (typeof at !== 'number') return error;
  const name = ruleName(rule);
  const { column } = contentOf(rule);
  return new PlatformError('PIPELINE_RULE_INVALID', {
    doing: `compiling the rules of the pipeline "${pipeline}"`,
    why: `rule ${index + 1} (${name}), character ${at + 1}: ${error.message}`,
    context: { pipeline, rule: name, column, position: at + 1 },
    cause: error,
  });
}
