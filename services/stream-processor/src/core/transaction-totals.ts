import { OUTCOMES, type Outcome } from './outcome.ts';

export interface Volume {
  rows: number;
  bytes: number;
}

/** Counts of one pipeline. */
export interface PipelineTotals {
  readonly outcomes: Record<Outcome['tag'], number>;
  /** Broken rules by name; a row counts for each rule it broke. */
  readonly rules: Map<string, number>;
  /** By source topic. */
  readonly inputs: Map<string, Volume>;
}

export function emptyTotals(): PipelineTotals {
  return {
    outcomes: Object.fromEntries(OUTCOMES.map((tag) => [tag, 0])) as PipelineTotals['outcomes'],
    rules: new Map(),
    inputs: new Map(),
  };
}

/** What the open transaction has done so far. It is told to anyone only after the commit. */
export class TransactionTotals {
  readonly pipelines = new Map<string, PipelineTotals>();
  /** By output topic. */
  readonly outputs = new Map<string, Volume>();
  /** By source topic. */
  readonly deadLetters = new Map<string, number>();
  /** Pipelines that filter or route and passed on a row with unavailable values: those can be lost to their consumers. */
  readonly incomplete = new Set<string>();
  /** Records read. */
  rows = 0;

  of(pipeline: string): PipelineTotals {
    let totals = this.pipelines.get(pipeline);
    if (!totals) this.pipelines.set(pipeline, (totals = emptyTotals()));
    return totals;
  }

  written(topic: string, bytes: number): void {
    addVolume(this.outputs, topic, 1, bytes);
  }

  clear(): void {
    this.pipelines.clear();
    this.outputs.clear();
    this.deadLetters.clear();
    this.incomplete.clear();
    this.rows = 0;
  }
}

/** Adds the counts of `from` to `to`. */
export function addTotals(to: PipelineTotals, from: PipelineTotals): void {
  for (const tag of OUTCOMES) to.outcomes[tag] += from.outcomes[tag];
  for (const [rule, rows] of from.rules) to.rules.set(rule, (to.rules.get(rule) ?? 0) + rows);
  for (const [topic, { rows, bytes }] of from.inputs) addVolume(to.inputs, topic, rows, bytes);
}

export function addVolume(volumes: Map<string, Volume>, topic: string, rows: number, bytes: number): void {
  const known = volumes.get(topic);
  if (!known) {
    volumes.set(topic, { rows, bytes });
    return;
  }
  known.rows += rows;
  known.bytes += bytes;
}
