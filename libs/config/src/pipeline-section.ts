import { Type, type Static, type TObject, type TProperties } from '@sinclair/typebox';

import { SecretRef } from './reusable-shapes.ts';

const closed = { additionalProperties: false };
const Column = Type.String({ minLength: 1 });
const Expression = Type.String({
  minLength: 1,
  maxLength: 4_000,
  description: 'SQL-like expression over the columns',
});

function one<T extends TProperties>(properties: T): TObject<T> {
  return Type.Object(properties, closed);
}

export const PipelineStep = Type.Union([
  one({
    cast: one({
      column: Column,
      to: Type.String({ minLength: 1, description: 'e.g. int64, decimal(10,2), string, timestamptz' }),
    }),
  }),
  one({ rename: one({ from: Column, to: Column }) }),
  one({ drop: one({ columns: Type.Array(Column, { minItems: 1 }) }) }),
  one({ derive: one({ column: Column, expr: Expression, type: Type.Optional(Type.String()) }) }),
  one({ filter: one({ expr: Expression }) }),
  one({
    mask: one({
      column: Column,
      method: Type.Union([
        Type.Literal('redact'),
        Type.Literal('hash'),
        Type.Literal('partial'),
        Type.Literal('null'),
      ]),
      keepLast: Type.Optional(Type.Integer({ minimum: 0, maximum: 1000 })),
      salt: Type.Optional(SecretRef('Secret that keys the hash')),
    }),
  }),
  one({ route: one({ when: Expression, to: Type.String({ minLength: 1 }) }) }),
]);

const RuleName = Type.Optional(Type.String({ minLength: 1, maxLength: 100 }));
const Bound = Type.Union([Type.Number(), Type.String()]);

export const QualityRule = Type.Union([
  one({ name: RuleName, notNull: Column }),
  one({
    name: RuleName,
    range: one({ column: Column, min: Type.Optional(Bound), max: Type.Optional(Bound) }),
  }),
  one({
    name: RuleName,
    set: one({
      column: Column,
      values: Type.Array(Type.Union([Type.String(), Type.Number(), Type.Boolean()]), { minItems: 1 }),
    }),
  }),
  one({
    name: RuleName,
    pattern: one({ column: Column, regex: Type.String({ minLength: 1, maxLength: 1_000 }) }),
  }),
  one({ name: RuleName, expression: Expression }),
]);

export const PipelineSection = Type.Object(
  {
    name: Type.String({ pattern: '^[A-Za-z0-9_-]{1,100}$', description: 'Name of the pipeline' }),
    from: Type.Array(Type.String({ pattern: '^[^.*]+\\.[^.]+$' }), {
      minItems: 1,
      description: 'Source tables, schema.table',
    }),
    source: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'Name of the database with these tables, where several have tables of that name',
      }),
    ),
    steps: Type.Array(PipelineStep, { default: [], description: 'Applied in order' }),
    rules: Type.Array(QualityRule, { default: [], description: 'A row that breaks one goes to quarantine' }),
    to: Type.String({
      pattern: '^[A-Za-z0-9_-]{1,100}$',
      description: 'Output: topic <prefix>.curated.<name>.<to>',
    }),
  },
  closed,
);

export type PipelineConfig = Static<typeof PipelineSection>;
export type PipelineStepConfig = Static<typeof PipelineStep>;
export type QualityRuleConfig = Static<typeof QualityRule>;
