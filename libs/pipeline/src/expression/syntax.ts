import type { ColumnType } from '@hasivu/change-events';

export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%';
export type ComparisonOperator = '=' | '<>' | '<' | '<=' | '>' | '>=';

/** A parsed expression; `at` is where it begins in the source. */
export type Expression =
  | { readonly node: 'null' | 'true' | 'false'; readonly at: number }
  | { readonly node: 'string' | 'number'; readonly at: number; readonly text: string }
  | { readonly node: 'column'; readonly at: number; readonly name: string }
  | { readonly node: 'negate' | 'not'; readonly at: number; readonly operand: Expression }
  | ArithmeticNode
  | ComparisonNode
  | { readonly node: 'concat'; readonly at: number; readonly left: Expression; readonly right: Expression }
  | {
      readonly node: 'and' | 'or';
      readonly at: number;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly node: 'isNull'; readonly at: number; readonly operand: Expression; readonly negated: boolean }
  | InNode
  | LikeNode
  | CaseNode
  | CallNode
  | { readonly node: 'cast'; readonly at: number; readonly operand: Expression; readonly type: ColumnType };

export interface ArithmeticNode {
  readonly node: 'arithmetic';
  readonly at: number;
  readonly operator: ArithmeticOperator;
  readonly left: Expression;
  readonly right: Expression;
}

export interface ComparisonNode {
  readonly node: 'comparison';
  readonly at: number;
  readonly operator: ComparisonOperator;
  readonly left: Expression;
  readonly right: Expression;
}

export interface InNode {
  readonly node: 'in';
  readonly at: number;
  readonly operand: Expression;
  readonly items: readonly Expression[];
  readonly negated: boolean;
}

export interface LikeNode {
  readonly node: 'like';
  readonly at: number;
  readonly operand: Expression;
  readonly pattern: Expression;
  readonly ignoreCase: boolean;
  readonly negated: boolean;
}

export interface CaseNode {
  readonly node: 'case';
  readonly at: number;
  readonly branches: readonly { readonly when: Expression; readonly then: Expression }[];
  readonly otherwise: Expression;
}

export interface CallNode {
  readonly node: 'call';
  readonly at: number;
  readonly name: string;
  readonly args: readonly Expression[];
}
