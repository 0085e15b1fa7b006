import type { RunEvent } from './run-event.ts';

interface ParentFacet {
  readonly job: { readonly namespace: string; readonly name: string };
  readonly root?: { readonly job: { readonly namespace: string; readonly name: string } };
}

/**
 * Kafka key of a run event by the convention of OpenLineage's own Kafka transports: `run:<namespace>/<name>` of the
 * root job, else the parent job, else the job, so that one tree of runs stays in order in one partition.
 */
export function eventKey(event: RunEvent): string {
  const parent = event.run.facets['parent'] as unknown as ParentFacet | undefined;
  const job = parent?.root?.job ?? parent?.job ?? event.job;
  return `run:${job.namespace}/${job.name}`;
}
