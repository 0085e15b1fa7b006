import { sameDataset, type DatasetName } from './dataset-name.ts';
import { facet, type Facet } from './facet.ts';

/** How an output column's value comes from one input column. */
export interface ColumnInput {
  readonly from: DatasetName;
  readonly column: string;
  /** IDENTITY: the same value · TRANSFORMATION: computed from it · AGGREGATION: from many rows of it. */
  readonly subtype: 'IDENTITY' | 'TRANSFORMATION' | 'AGGREGATION';
  /** The original value can't be read from the output. */
  readonly masking?: boolean;
  /** The step or expression, for people. */
  readonly description?: string;
}

/** An input column that decides which rows (or how many) there are, without being in their values. */
export interface WholeDatasetInput {
  readonly from: DatasetName;
  readonly column: string;
  readonly subtype: 'FILTER' | 'JOIN' | 'GROUP_BY' | 'SORT' | 'WINDOW' | 'CONDITIONAL';
  readonly description?: string;
}

export interface ColumnLineage {
  /** Output column → the inputs of its value; a constant column has none. */
  readonly columns: ReadonlyMap<string, readonly ColumnInput[]>;
  readonly wholeDataset?: readonly WholeDatasetInput[];
}

interface InputField {
  namespace: string;
  name: string;
  field: string;
  transformations: { type: string; subtype: string; masking: boolean; description?: string }[];
}

/** Lineage of a copy: every output column is the input column of the same name. */
export function identityLineage(from: DatasetName, columns: readonly string[]): ColumnLineage {
  return {
    columns: new Map(columns.map((column) => [column, [{ from, column, subtype: 'IDENTITY' }]])),
  };
}

export function columnLineageFacet(lineage: ColumnLineage): Facet {
  const fields: Record<string, { inputFields: InputField[] }> = {};
  for (const [column, inputs] of lineage.columns)
    fields[column] = {
      inputFields: inputs.map((input) => inputField('DIRECT', input, input.masking ?? false)),
    };
  const dataset = (lineage.wholeDataset ?? []).map((input) => inputField('INDIRECT', input, false));
  return facet('columnLineage', { fields, ...(dataset.length > 0 ? { dataset: merged(dataset) } : {}) });
}

function inputField(
  type: 'DIRECT' | 'INDIRECT',
  input: ColumnInput | WholeDatasetInput,
  masking: boolean,
): InputField {
  return {
    namespace: input.from.namespace,
    name: input.from.name,
    field: input.column,
    transformations: [
      {
        type,
        subtype: input.subtype,
        masking,
        ...(input.description === undefined ? {} : { description: input.description }),
      },
    ],
  };
}

// One column used by two filters is one dependency with two transformations.
function merged(fields: readonly InputField[]): InputField[] {
  const result: InputField[] = [];
  for (const field of fields) {
    const known = result.find((other) => sameDataset(other, field) && other.field === field.field);
    if (known) known.transformations.push(...field.transformations);
    else result.push(field);
  }
  return result;
}
