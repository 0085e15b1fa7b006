import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormatsModule from 'ajv-formats';

import type { RunEvent } from '../run-event.ts';
import { CORE_SCHEMA, OFFICIAL_FACETS } from './official-schemas.ts';
import { semanticMistakes } from './semantic-rules.ts';

const addFormats = addFormatsModule as unknown as (ajv: Ajv2020) => Ajv2020;

interface FacetSchema {
  readonly id: string;
  readonly validate: ValidateFunction;
}

/**
 * Checks run events against the core schema, each facet's own schema and the rules that only prose states. The core
 * schema alone accepts an event without a type and a column lineage of "GARBAGE".
 */
export class EventValidator {
  readonly #core: ValidateFunction;
  readonly #facets = new Map<string, FacetSchema>();

  constructor() {
    // Not strict: the official schemas carry the keyword "example".
    const ajv = addFormats(new Ajv2020({ strict: false, allErrors: true }));
    ajv.addSchema(CORE_SCHEMA);
    this.#core = ajv.compile({ $ref: `${CORE_SCHEMA.$id}#/$defs/RunEvent` });
    for (const schema of OFFICIAL_FACETS)
      for (const name of Object.keys(schema.properties ?? {}))
        this.#facets.set(name, { id: schema.$id, validate: ajv.compile(schema) });
  }

  /** Everything wrong with the event, one line each; empty for a valid event. */
  mistakes(event: unknown): string[] {
    if (!this.#core(event)) return describe('event', this.#core);
    const runEvent = event as RunEvent;
    const mistakes = [
      ...this.#facetMistakes('run', runEvent.run.facets),
      ...this.#facetMistakes('job', runEvent.job.facets),
    ];
    for (const [side, datasets] of [
      ['inputs', runEvent.inputs],
      ['outputs', runEvent.outputs],
    ] as const)
      (datasets ?? []).forEach((dataset, i) => {
        for (const facets of [dataset.facets, dataset.inputFacets, dataset.outputFacets])
          mistakes.push(...this.#facetMistakes(`${side}/${i}`, facets));
      });
    return mistakes.length > 0 ? mistakes : semanticMistakes(runEvent);
  }

  #facetMistakes(where: string, facets: Readonly<Record<string, unknown>> | undefined): string[] {
    return Object.entries(facets ?? {}).flatMap(([name, content]) => {
      const schema = this.#facets.get(name);
      if (!schema) return [`${where}: no official schema for the facet ${name}`];
      if (!schema.validate({ [name]: content })) return describe(`${where}/${name}`, schema.validate);
      const url = (content as { _schemaURL: string })._schemaURL;
      return url.startsWith(`${schema.id}#`)
        ? []
        : [`${where}/${name}: _schemaURL is ${url}, not ${schema.id}`];
    });
  }
}

function describe(where: string, validate: ValidateFunction): string[] {
  return (validate.errors ?? []).map(
    (error) => `${where}${error.instancePath}: ${error.message ?? error.keyword}`,
  );
}
