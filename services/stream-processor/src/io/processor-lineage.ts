import { describeColumnType, type ColumnSchema } from '@hasivu/change-events';
import {
  kafkaDataset,
  LineageEmitter,
  type ColumnInput,
  type DatasetName,
  type LineageColumn,
  type LineageInput,
  type LineageOutput,
  type LineageSnapshot,
  type LineageTransport,
  type WholeDatasetInput,
} from '@hasivu/lineage-events';

import {
  addTotals,
  addVolume,
  emptyTotals,
  type PipelineTotals,
  type TransactionTotals,
  type Volume,
} from '../core/transaction-totals.ts';
import { outputNames, type ProcessorSettings, type SourceTopic } from '../processor-settings.ts';
import type { CompiledProgram } from './program-compiler.ts';

interface PipelineRun {
  readonly emitter: LineageEmitter;
  /** By source topic, as compiled last. */
  readonly tables: Map<string, CompiledProgram>;
  readonly totals: PipelineTotals;
}

export interface ProcessorLineageOptions {
  readonly settings: ProcessorSettings;
  readonly transport: LineageTransport;
  readonly onFailure: (error: unknown, failures: number) => void;
}

/** One OpenLineage run per pipeline: change topics → curated topics. It counts only what is committed (I5). */
export class ProcessorLineage {
  readonly #settings: ProcessorSettings;
  readonly #runs: ReadonlyMap<string, PipelineRun>;
  readonly #outputs = new Map<string, Volume>();

  constructor(options: ProcessorLineageOptions) {
    const { settings, transport, onFailure } = options;
    this.#settings = settings;
    this.#runs = new Map(
      settings.pipelines.map((pipeline) => [
        pipeline.name,
        {
          tables: new Map(),
          totals: emptyTotals(),
          emitter: new LineageEmitter({
            namespace: settings.lineage.namespace,
            name: `stream-processor.${pipeline.name}`,
            intervalMs: settings.lineage.intervalMs,
            snapshot: () => this.#snapshot(pipeline.name),
            transport,
            onFailure,
          }),
        },
      ]),
    );
  }

  start(): void {
    for (const { emitter } of this.#runs.values()) emitter.start();
  }

  /** A table's rows have a schema that is new here. */
  compiled(source: SourceTopic, programs: readonly CompiledProgram[]): void {
    for (const program of programs) {
      const run = this.#runs.get(program.pipeline.name);
      run?.tables.set(source.topic, program);
      run?.emitter.running();
    }
  }

  committed(totals: TransactionTotals): void {
    for (const [name, counts] of totals.pipelines) {
      const run = this.#runs.get(name);
      if (run) addTotals(run.totals, counts);
    }
    for (const [topic, { rows, bytes }] of totals.outputs) addVolume(this.#outputs, topic, rows, bytes);
  }

  async abort(): Promise<void> {
    await Promise.all([...this.#runs.values()].map(({ emitter }) => emitter.abort()));
  }

  async fail(message: string): Promise<void> {
    await Promise.all([...this.#runs.values()].map(({ emitter }) => emitter.fail(message)));
  }

  #snapshot(name: string): LineageSnapshot {
    const run = this.#runs.get(name);
    const pipeline = this.#settings.pipelines.find((one) => one.name === name);
    if (!run || !pipeline) return { inputs: [], outputs: [] };
    const sources = this.#settings.sources.filter((source) => source.pipelines.includes(pipeline));
    return {
      inputs: sources.map((source) => this.#input(source, run)),
      outputs: outputNames(pipeline).map((output) =>
        this.#output(this.#settings.names.curated(name, output), run),
      ),
    };
  }

  #input(source: SourceTopic, run: PipelineRun): LineageInput {
    const program = run.tables.get(source.topic);
    const totals = { ...(run.totals.inputs.get(source.topic) ?? { rows: 0, bytes: 0 }) };
    const name = this.#dataset(source.topic);
    if (!program) return { ...name, kind: 'TOPIC', totals };
    return {
      ...name,
      kind: 'TOPIC',
      columns: columnsOf(program.pipeline.input.columns),
      totals,
      rules: program.rules.rules.map((rule) => ({
        name: rule.name,
        assertion: rule.assertion,
        content: rule.content,
        brokenRows: run.totals.rules.get(rule.name) ?? 0,
      })),
    };
  }

  #output(topic: string, run: PipelineRun): LineageOutput {
    const totals = { ...(this.#outputs.get(topic) ?? { rows: 0, bytes: 0 }) };
    const name = this.#dataset(topic);
    const [first] = run.tables.values();
    if (!first) return { ...name, kind: 'TOPIC', totals };
    const columns = new Map<string, ColumnInput[]>();
    const wholeDataset: WholeDatasetInput[] = [];
    for (const [source, { pipeline }] of run.tables) {
      const from = this.#dataset(source);
      for (const column of pipeline.columns) {
        const known = columns.get(column.name) ?? [];
        columns.set(column.name, [...known, ...column.origins.map((origin) => columnInput(origin, from))]);
      }
      for (const { column, description } of pipeline.rowDependencies)
        wholeDataset.push({ from, column, subtype: 'FILTER', description });
    }
    // Tables of one pipeline may differ in shape; the event shows every column that some row has.
    const shown = new Map<string, ColumnSchema>();
    for (const { pipeline } of run.tables.values())
      for (const column of pipeline.output.columns) shown.set(column.name, column);
    return {
      ...name,
      kind: 'TOPIC',
      columns: columnsOf([...shown.values()]),
      totals,
      columnLineage: { columns, wholeDataset },
    };
  }

  #dataset(topic: string): DatasetName {
    return kafkaDataset(this.#settings.kafka.brokers, topic);
  }
}

function columnInput(
  origin: { column: string; subtype: ColumnInput['subtype']; masking: boolean; description?: string },
  from: DatasetName,
): ColumnInput {
  const { column, subtype, masking, description } = origin;
  return { from, column, subtype, masking, ...(description === undefined ? {} : { description }) };
}

function columnsOf(columns: readonly ColumnSchema[]): LineageColumn[] {
  return columns.map(({ name, type }) => ({ name, type: describeColumnType(type) }));
}
