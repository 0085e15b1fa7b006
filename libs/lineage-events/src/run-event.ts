import { facet, PRODUCER, RUN_EVENT_SCHEMA_URL, type Facet, type Facets } from './facet.ts';
import {
  inputElement,
  outputElement,
  type DatasetElement,
  type LineageInput,
  type LineageOutput,
} from './lineage-dataset.ts';

export type EventType = 'START' | 'RUNNING' | 'COMPLETE' | 'ABORT' | 'FAIL';

export interface JobName {
  readonly namespace: string;
  readonly name: string;
}

export interface ParentRun extends JobName {
  readonly runId: string;
}

export interface LineageJob extends JobName {
  readonly processing:
    { readonly type: 'STREAMING'; readonly windowSeconds: number } | { readonly type: 'BATCH' };
  /** The run that this one belongs to; some consumers refuse events without it, so it is never left out. */
  readonly parent: ParentRun;
  readonly engineVersion: string;
}

/** Inputs and outputs at one moment. Totals count only what is durable. */
export interface LineageSnapshot {
  readonly inputs: readonly LineageInput[];
  readonly outputs: readonly LineageOutput[];
}

export interface RunEvent {
  readonly eventTime: string;
  readonly eventType: EventType;
  readonly producer: string;
  readonly schemaURL: string;
  readonly run: { readonly runId: string; readonly facets: Facets };
  readonly job: JobName & { readonly facets: Facets };
  readonly inputs: readonly DatasetElement[];
  readonly outputs: readonly DatasetElement[];
}

export interface RunMoment {
  readonly eventType: EventType;
  readonly eventTime: Date;
  readonly runId: string;
  readonly snapshot: LineageSnapshot;
  /** The snapshot of the event before this one; statistics are the difference. */
  readonly before?: LineageSnapshot;
  /** For FAIL: what a person may read. Never a row's value. */
  readonly errorMessage?: string;
}

/** Builds one OpenLineage 2-0-2 RunEvent. */
export function buildRunEvent(job: LineageJob, moment: RunMoment): RunEvent {
  const { snapshot, before } = moment;
  return {
    eventTime: moment.eventTime.toISOString(),
    eventType: moment.eventType,
    producer: PRODUCER,
    schemaURL: RUN_EVENT_SCHEMA_URL,
    run: { runId: moment.runId, facets: runFacets(job, moment.errorMessage) },
    job: { namespace: job.namespace, name: job.name, facets: { jobType: jobTypeFacet(job) } },
    inputs: snapshot.inputs.map((input) => inputElement(input, find(before?.inputs, input))),
    outputs: snapshot.outputs.map((output) => outputElement(output, find(before?.outputs, output))),
  };
}

function runFacets(job: LineageJob, errorMessage: string | undefined): Facets {
  const facets: Record<string, Facet> = {
    parent: facet('parent', {
      run: { runId: job.parent.runId },
      job: { namespace: job.parent.namespace, name: job.parent.name },
    }),
    processing_engine: facet('processing_engine', { name: 'hasivu', version: job.engineVersion }),
  };
  if (errorMessage !== undefined)
    facets['errorMessage'] = facet('errorMessage', {
      message: errorMessage,
      programmingLanguage: 'TypeScript',
    });
  return facets;
}

function jobTypeFacet(job: LineageJob): Facet {
  const { processing } = job;
  return facet('jobType', {
    processingType: processing.type,
    integration: 'HASIVU',
    jobType: 'JOB',
    emissionPattern:
      processing.type === 'STREAMING'
        ? {
            eventTrigger: 'PERIODIC',
            eventContentMode: 'COMPLETE_SNAPSHOT',
            windowDuration: Math.max(1, Math.round(processing.windowSeconds)),
          }
        : { eventTrigger: 'EVENT_BASED', eventContentMode: 'ACCUMULATIVE' },
  });
}

function find<T extends JobName>(datasets: readonly T[] | undefined, wanted: T): T | undefined {
  return datasets?.find((other) => other.namespace === wanted.namespace && other.name === wanted.name);
}
