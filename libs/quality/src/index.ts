export {
  checkRules,
  compileRules,
  type PredicateCompiler,
  type Rule,
  type RuleContext,
  type RuleScope,
} from './compile-rules.ts';
export { LinearMatcher } from './pattern/linear-matcher.ts';
export { PatternMistake } from './pattern/pattern-mistake.ts';
export { RuleChecker, type BrokenRule, type CheckedRow } from './rule-checker.ts';
export { ruleName, type Assertion, type RangeDefinition, type RuleDefinition } from './rule-definition.ts';
