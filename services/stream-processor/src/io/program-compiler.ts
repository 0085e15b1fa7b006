import {
  AvroDecodeError,
  EnvelopeReader,
  envelopeSchema,
  KeyFrame,
  keyLayoutOf,
  keyRecordSchema,
  layoutOf,
  namespaceOf,
  sameColumnType,
  tableNamespace,
  wireHeader,
  type AvroObject,
  type ColumnSchema,
  type EnvelopeLayout,
  type KeyLayout,
  type TableSchema,
} from '@hasivu/change-events';
import type { PipelineConfig } from '@hasivu/config';
import { isPlatformError } from '@hasivu/errors';
import { TopicKeys, type SchemaRegistry } from '@hasivu/kafka';
import { compilePipeline, compilePredicate, Fault, type CompiledPipeline } from '@hasivu/pipeline';
import { compileRules, RuleChecker } from '@hasivu/quality';

import type { TopicProgram } from '../core/event-processor.ts';
import type { OutputTopic } from '../core/output-topic.ts';
import { TableProgram } from '../core/table-program.ts';
import type { ProcessorSettings, SourceTopic } from '../processor-settings.ts';

/** No key: ids of registered schemas begin at 1. */
export const NO_KEY = 0;

/** What a pair of schemas comes to: programs, or the reason why records with them are no events of the topic. */
export type Compiled =
  | { readonly program: TopicProgram; readonly compiled: readonly CompiledProgram[] }
  | { readonly refused: string };

/** For lineage: a pipeline as it runs on one table's rows. */
export interface CompiledProgram {
  readonly pipeline: CompiledPipeline;
  readonly rules: RuleChecker;
}

const isFault = (error: unknown): boolean => error instanceof Fault;

/** Compiles the pipelines of a topic for the schemas its records carry, and registers the schemas of the outputs. */
export class ProgramCompiler {
  readonly #registry: SchemaRegistry;
  readonly #settings: ProcessorSettings;
  readonly #partitions: ReadonlyMap<string, number>;
  readonly #keys: TopicKeys;

  /** @param partitions number of partitions by topic */
  constructor(
    registry: SchemaRegistry,
    settings: ProcessorSettings,
    partitions: ReadonlyMap<string, number>,
  ) {
    this.#registry = registry;
    this.#keys = new TopicKeys(registry);
    this.#settings = settings;
    this.#partitions = partitions;
  }

  /** @throws PlatformError PIPELINE_STEP_INVALID, PIPELINE_RULE_INVALID, or what the registry throws */
  async compile(source: SourceTopic, valueId: number, keyId: number): Promise<Compiled> {
    const layouts = await this.#layouts(source, valueId, keyId);
    if ('refused' in layouts) return layouts;
    const { layout, keyLayout } = layouts;
    const input: TableSchema = {
      database: '',
      schema: source.schema,
      table: source.table,
      columns: layout.columns,
      key: (keyLayout?.columns ?? []).map((column) => column.name),
    };
    const compiled: CompiledProgram[] = [];
    const programs: TableProgram[] = [];
    for (const config of source.pipelines) {
      const pipeline = compilePipeline(config, input);
      const rules = new RuleChecker(
        compileRules(config.rules, { pipeline: config.name, scope: pipeline.scope, compilePredicate }),
        isFault,
      );
      compiled.push({ pipeline, rules });
      const outputs = await this.#outputs(config, pipeline);
      programs.push(new TableProgram({ pipeline, rules, keyLayout, outputs }));
    }
    programs.sort((a, b) => Number(b.pipeline.keyChanges) - Number(a.pipeline.keyChanges));
    return { program: { reader: new EnvelopeReader(layout), programs }, compiled };
  }

  async #layouts(
    source: SourceTopic,
    valueId: number,
    keyId: number,
  ): Promise<{ layout: EnvelopeLayout; keyLayout: KeyLayout | null } | { refused: string }> {
    try {
      const layout = layoutOf(await this.#registry.schemaOf(valueId));
      const namespace = tableNamespace(source.prefix, source);
      if (layout.namespace !== namespace)
        return { refused: `the schema ${valueId} is of ${layout.namespace}, not of ${namespace}` };
      if (keyId === NO_KEY) return { layout, keyLayout: null };
      const keyLayout = keyLayoutOf(await this.#registry.schemaOf(keyId));
      const strange = keyLayout.columns.find(
        (key) =>
          !layout.columns.some((column) => column.name === key.name && sameColumnType(column.type, key.type)),
      );
      return strange
        ? { refused: `the key's column ${strange.name} is no column of the row` }
        : { layout, keyLayout };
    } catch (error) {
      if (error instanceof AvroDecodeError) return { refused: error.message };
      if (isPlatformError(error) && error.code === 'REGISTRY_SCHEMA_UNKNOWN')
        return { refused: 'the registry does not know the schema of the record' };
      throw error;
    }
  }

  async #outputs(config: PipelineConfig, pipeline: CompiledPipeline): Promise<OutputTopic[]> {
    const { names, kafka } = this.#settings;
    const { key } = pipeline.output;
    const columns =
      config.from.length === 1 ? pipeline.output.columns : pipeline.output.columns.map(anonymous);
    const outputs: OutputTopic[] = [];
    for (const name of pipeline.outputs) {
      const topic = names.curated(config.name, name);
      const namespace = namespaceOf([kafka.prefix, 'curated', config.name, name]);
      const keySchema = keyRecordSchema(namespace, columns, key);
      const valueId = await this.#registry.register(`${topic}-value`, envelopeSchema(namespace, columns));
      outputs.push({
        name,
        topic,
        partitions: this.#partitions.get(topic) ?? 1,
        valueHeader: wireHeader(valueId),
        keyFrame: keySchema && (await this.#keyFrame(topic, keySchema)),
      });
    }
    return outputs;
  }

  async #keyFrame(topic: string, schema: AvroObject): Promise<KeyFrame> {
    const { keySchemaId, firstKeySchemaId } = await this.#keys.register(topic, schema);
    return new KeyFrame(keySchemaId, firstKeySchemaId);
  }
}

/** Several tables in one output: what a column is in one of them says nothing of the others' of its name. */
function anonymous({ origin: _ofOne, ...column }: ColumnSchema): ColumnSchema {
  return column;
}
