import type { Metadata, Protocol } from './actions.ts';
import { hasWriterFeature } from './protocol-features.ts';
import type { DeltaField, DeltaStruct, DeltaType } from './schema.ts';

/** What every row of a table has to satisfy. Expressions are Spark SQL. */
export type Constraint =
  | { readonly kind: 'check'; readonly name: string; readonly expression: string }
  | { readonly kind: 'not-null'; readonly name: string; readonly column: string }
  | {
      readonly kind: 'invariant';
      readonly name: string;
      readonly column: string;
      readonly expression: string;
    }
  /** The column equals the expression, null for null. */
  | {
      readonly kind: 'generated';
      readonly name: string;
      readonly column: string;
      readonly expression: string;
    };

/** Prefix of the table properties that hold CHECK constraints, by name. */
export const CHECK_PREFIX = 'delta.constraints.';
/** Column metadata: a boolean expression, wrapped in JSON. */
export const INVARIANTS = 'delta.invariants';
/** Column metadata: what the column is computed by, as an expression of Spark's SQL. */
export const GENERATION_EXPRESSION = 'delta.generationExpression';
/** Column metadata: the value of rows that are written without one, as an expression of Spark's SQL. */
const COLUMN_DEFAULT = 'CURRENT_DEFAULT';

/** The expression that rows get which a writer has no value of the column for; null where they get null. */
export function columnDefault({ metadata }: DeltaField): string | null {
  const expression = metadata[COLUMN_DEFAULT];
  return typeof expression === 'string' ? expression : null;
}

/** What the column is computed by; null where its values are given. Only under a protocol with the feature it means anything. */
export function generationExpression({ metadata }: DeltaField): string | null {
  const expression = metadata[GENERATION_EXPRESSION];
  return typeof expression === 'string' ? expression : null;
}

/** Columns of the table, none of structs in it, whose values its writers compute. */
export function generatedFields({ fields }: DeltaStruct, protocol: Protocol): DeltaField[] {
  if (!hasWriterFeature(protocol, 'generatedColumns')) return [];
  return fields.filter((own) => generationExpression(own) !== null);
}

/** Everything that the table declares of its rows; columns inside structs by their path, `a.b`. */
export function constraintsOf(
  { configuration }: Pick<Metadata, 'configuration'>,
  schema: DeltaStruct,
  protocol: Protocol,
): Constraint[] {
  const constraints: Constraint[] = [];
  for (const [key, expression] of Object.entries(configuration)) {
    if (key.toLowerCase().startsWith(CHECK_PREFIX))
      constraints.push({ kind: 'check', name: key.slice(CHECK_PREFIX.length), expression });
  }
  collect(schema, '', constraints);
  // Writers of old copied the metadata of what they read into tables whose protocol knows nothing of it.
  const isGenerated = hasWriterFeature(protocol, 'generatedColumns');
  return isGenerated ? constraints : constraints.filter(({ kind }) => kind !== 'generated');
}

function collect(type: DeltaType, path: string, into: Constraint[]): void {
  if (typeof type === 'string') return;
  if (type.type === 'array') return collect(type.elementType, `${path}[]`, into);
  if (type.type === 'map') {
    collect(type.keyType, `${path}{key}`, into);
    collect(type.valueType, `${path}{value}`, into);
    return;
  }
  for (const own of type.fields) {
    const column = path === '' ? own.name : `${path}.${own.name}`;
    into.push(...constraintsOfField(own, column));
    collect(own.type, column, into);
  }
}

function constraintsOfField(own: DeltaField, column: string): Constraint[] {
  const { nullable, metadata } = own;
  const found: Constraint[] = [];
  // Writers of old leave it out where they mean true.
  if ((nullable as boolean | undefined) === false)
    found.push({ kind: 'not-null', name: `${column} is not null`, column });
  const invariant = metadata[INVARIANTS];
  if (typeof invariant === 'string') {
    const expression = expressionOf(invariant);
    found.push({ kind: 'invariant', name: `invariant of ${column}`, column, expression });
  }
  const generated = generationExpression(own);
  if (generated !== null)
    found.push({ kind: 'generated', name: `generation of ${column}`, column, expression: generated });
  return found;
}

/** `{"expression": {"expression": "x > 3"}}`; whatever else stands there is kept, so that nobody takes it for no invariant. */
function expressionOf(invariant: string): string {
  try {
    const parsed = JSON.parse(invariant) as { expression?: { expression?: unknown } } | null;
    const expression = parsed?.expression?.expression;
    return typeof expression === 'string' ? expression : invariant;
  } catch {
    return invariant;
  }
}
