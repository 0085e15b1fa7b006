import type { DatasetElement } from '../lineage-dataset.ts';
import type { RunEvent } from '../run-event.ts';

interface InputField {
  readonly namespace: string;
  readonly name: string;
  readonly field: string;
  readonly transformations?: readonly { readonly type: string; readonly subtype?: string }[];
}

interface JobType {
  readonly processingType: string;
  readonly emissionPattern?: {
    readonly eventTrigger: string;
    readonly eventContentMode: string;
    readonly windowDuration?: number;
  };
}

const SUBTYPES: Record<string, readonly string[]> = {
  DIRECT: ['IDENTITY', 'TRANSFORMATION', 'AGGREGATION'],
  INDIRECT: ['JOIN', 'GROUP_BY', 'FILTER', 'SORT', 'WINDOW', 'CONDITIONAL'],
};

/** Rules that the specification or a common consumer states in prose or code, not in a schema. */
export function semanticMistakes(event: RunEvent): string[] {
  const mistakes: string[] = [];
  if (event.eventType === undefined) mistakes.push('event: eventType is missing');
  if (!Array.isArray(event.inputs) || !Array.isArray(event.outputs))
    mistakes.push('event: inputs and outputs must both be present');
  if (!event.run.facets?.['parent']) mistakes.push('run: the parent facet is missing');
  if (event.eventType === 'FAIL' && !event.run.facets?.['errorMessage'])
    mistakes.push('run: FAIL without the errorMessage facet');
  mistakes.push(...jobTypeMistakes(event));
  for (const output of event.outputs ?? []) mistakes.push(...columnLineageMistakes(event, output));
  return mistakes;
}

function jobTypeMistakes(event: RunEvent): string[] {
  const jobType = event.job.facets?.['jobType'] as unknown as JobType | undefined;
  if (!jobType) return ['job: the jobType facet is missing'];
  const pattern = jobType.emissionPattern;
  if (jobType.processingType !== 'STREAMING') return [];
  if (pattern?.eventTrigger !== 'PERIODIC') return ['job: a STREAMING job must say that it emits PERIODIC'];
  if (pattern.eventContentMode === 'COMPLETE_SNAPSHOT' && pattern.windowDuration === undefined)
    return ['job: PERIODIC snapshots need windowDuration'];
  return [];
}

function columnLineageMistakes(event: RunEvent, output: DatasetElement): string[] {
  const facet = output.facets?.['columnLineage'] as unknown as
    { fields: Record<string, { inputFields: InputField[] }>; dataset?: InputField[] } | undefined;
  if (!facet) return [];
  const where = `outputs/${output.name}/columnLineage`;
  const mistakes: string[] = [];
  const columns = columnsOf(output);
  for (const [field, { inputFields }] of Object.entries(facet.fields)) {
    if (columns && !columns.has(field)) mistakes.push(`${where}: ${field} is not a column of the output`);
    for (const input of inputFields) mistakes.push(...inputFieldMistakes(where, event, input, 'DIRECT'));
  }
  for (const input of facet.dataset ?? [])
    mistakes.push(...inputFieldMistakes(where, event, input, 'INDIRECT'));
  return mistakes;
}

function inputFieldMistakes(where: string, event: RunEvent, field: InputField, type: string): string[] {
  const input = (event.inputs ?? []).find(
    (one) => one.namespace === field.namespace && one.name === field.name,
  );
  if (!input) return [`${where}: ${field.name} is not an input of the run`];
  const columns = columnsOf(input);
  const mistakes =
    columns && !columns.has(field.field) ? [`${where}: ${field.field} is not a column of ${field.name}`] : [];
  for (const transformation of field.transformations ?? [])
    if (transformation.type !== type || !SUBTYPES[type]?.includes(transformation.subtype ?? ''))
      mistakes.push(
        `${where}: ${transformation.type} ${transformation.subtype ?? ''} in the place of ${type}`,
      );
  return mistakes;
}

function columnsOf(dataset: DatasetElement): Set<string> | null {
  const schema = dataset.facets?.['schema'] as unknown as { fields?: { name: string }[] } | undefined;
  return schema?.fields ? new Set(schema.fields.map((field) => field.name)) : null;
}
