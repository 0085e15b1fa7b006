import { Type, type Static } from '@sinclair/typebox';

import { KafkaSection } from './kafka-section.ts';
import { LakeSection, TableSection } from './lake-section.ts';
import { PipelineSection } from './pipeline-section.ts';
import { PostgresSections } from './postgres-section.ts';

const ServiceSection = Type.Object(
  {
    httpPort: Type.Integer({
      default: 0,
      minimum: 0,
      maximum: 65_535,
      description: 'Port of /livez, /readyz and /metrics; 0 takes a free one',
    }),
  },
  { default: {}, additionalProperties: false },
);

/** The whole of `hasivu.yaml`. */
export const ConfigSchema = Type.Object(
  {
    version: Type.Literal(1, { description: 'Version of this format' }),
    source: Type.Optional(Type.Object({ postgres: PostgresSections }, { additionalProperties: false })),
    kafka: KafkaSection,
    lake: Type.Optional(LakeSection),
    tables: Type.Record(Type.String({ pattern: '^[^.*]+\\.[^.]+$' }), TableSection, { default: {} }),
    pipelines: Type.Array(PipelineSection, { default: [] }),
    lineage: Type.Object(
      {
        enabled: Type.Boolean({ default: true }),
        namespace: Type.String({
          default: 'hasivu',
          minLength: 1,
          description: 'OpenLineage namespace of the jobs',
        }),
        intervalMs: Type.Integer({ default: 30_000, minimum: 100, description: 'Period of RUNNING events' }),
      },
      { default: {}, additionalProperties: false },
    ),
    services: Type.Object(
      {
        'cdc-source': ServiceSection,
        'stream-processor': ServiceSection,
        'lake-sink': ServiceSection,
        'lake-keeper': ServiceSection,
      },
      { default: {}, additionalProperties: false },
    ),
    log: Type.Object(
      {
        level: Type.Union(
          ['trace', 'debug', 'info', 'warn', 'error'].map((level) => Type.Literal(level)),
          { default: 'info' },
        ),
      },
      { default: {}, additionalProperties: false },
    ),
  },
  { additionalProperties: false, $id: 'hasivu.yaml', title: 'hasivu.yaml' },
);

export type HasivuConfig = Static<typeof ConfigSchema>;
export type ServiceName = keyof HasivuConfig['services'];
