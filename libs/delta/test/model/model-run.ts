import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { PythonSession, type BucketPrefix } from '@hasivu/testing';
import { createS3Store, type ObjectStore } from '../../../object-store/src/index.ts';
import { field, type DeltaField } from '../../src/index.ts';
import type { ModelPlan, ModelStep } from './model-steps.ts';
import { OurSide } from './our-side.ts';
import { OurView, type TableView } from './our-view.ts';
import { FIRST_FIELDS, MORE_FIELDS, PARTITIONS, rowOf, type TextRow } from './row-kinds.ts';

type Engine = 'ours' | 'deltalake';
type ForeignView = Omit<TableView, 'rows'> & { readonly rows: readonly TextRow[] };

/** What our engine and deltalake do with one plan; tables of a run have folders of their own. */
export class ModelWorld implements AsyncDisposable {
  readonly ours: OurSide;
  readonly view: OurView;
  readonly python: PythonSession;
  readonly #store: ObjectStore;
  /** Operations done so far by kind. */
  readonly counts = new Map<string, number>();
  #plans = 0;

  private constructor(store: ObjectStore, view: OurView, python: PythonSession) {
    this.#store = store;
    this.view = view;
    this.python = python;
    this.ours = new OurSide(store, view);
  }

  static async open(facts: BucketPrefix): Promise<ModelWorld> {
    const { endpoint, bucket, prefix, region, accessKeyId, secretAccessKey } = facts;
    const lake = { endpoint, bucket, prefix, region, accessKeyId, secretAccessKey };
    const env = { LAKE: JSON.stringify(lake) };
    const python = await PythonSession.open(join(import.meta.dirname, 'deltalake_side.py'), { env });
    const store = createS3Store(facts);
    return new ModelWorld(store, await OurView.open(store), python);
  }

  /** Takes both tables through the plan; after each step all four readings of them are equal. */
  async run(plan: ModelPlan): Promise<void> {
    this.#plans += 1;
    const tables = new TablePair(this, `plan-${this.#plans}`, plan);
    await tables.create();
    for (const step of plan.steps) {
      if (!(await tables.take(step))) continue;
      this.counts.set(step.do, (this.counts.get(step.do) ?? 0) + 1);
      await tables.expectAlike();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.python[Symbol.asyncDispose]();
    this.view[Symbol.dispose]();
    this.#store.close();
  }
}

class TablePair {
  readonly #world: ModelWorld;
  readonly #plan: ModelPlan;
  readonly #roots: Record<Engine, string>;
  #fields: readonly DeltaField[] = FIRST_FIELDS;
  #nextId = 0;

  constructor(world: ModelWorld, root: string, plan: ModelPlan) {
    this.#world = world;
    this.#plan = plan;
    this.#roots = { ours: `${root}/a`, deltalake: `${root}/b` };
  }

  async create(): Promise<void> {
    const partitionColumns = this.#plan.partitioned ? ['part'] : [];
    // Of vectors deltalake knows how to read them, and makes tables with a feature that nobody here reads.
    const vectors = this.#plan.vectors ? { 'delta.enableDeletionVectors': 'true' } : {};
    const configuration = {
      'delta.checkpointInterval': '4',
      'delta.logRetentionDuration': 'interval 0 days',
    };
    const { ours } = this.#world;
    await ours.create(this.#roots.ours, this.#fields, partitionColumns, { ...configuration, ...vectors });
    await this.#ask('create', { partitionColumns, configuration });
  }

  /** @returns false where the step means nothing here */
  async take(step: ModelStep): Promise<boolean> {
    const { ours } = this.#world;
    const root = this.#roots.ours;
    switch (step.do) {
      case 'append':
      case 'overwrite': {
        const rows = step.rows.map((seeds) => rowOf(this.#fields, (this.#nextId += 1), seeds));
        await ours[step.do](root, rows);
        await this.#ask(step.do, { rows });
        return true;
      }
      case 'delete': {
        const rest = BigInt(step.rest % step.every);
        const isGone = (row: TextRow): boolean => BigInt(row['id'] as string) % BigInt(step.every) === rest;
        await ours.delete(root, isGone, step.marks);
        await this.#ask('delete', { predicate: `id % ${step.every} = ${rest}` });
        return true;
      }
      case 'deletePart': {
        const value = PARTITIONS[step.which] as string | null;
        await ours.delete(root, (row) => row['part'] === value, false);
        await this.#ask('delete', { predicate: value === null ? 'part is null' : `part = '${value}'` });
        return true;
      }
      case 'addColumn': {
        const added = MORE_FIELDS[this.#fields.length - FIRST_FIELDS.length];
        if (added === undefined) return false;
        await ours.addColumn(root, added);
        await this.#ask('add_column', { name: added.name, kind: added.type });
        this.#fields = [...this.#fields, added];
        return true;
      }
      case 'widen': {
        const wider = field('num', 'long');
        if (this.#fields.some(({ name, type }) => name === 'num' && type === 'long')) return false;
        this.#fields = this.#fields.map((known) => (known.name === 'num' ? wider : known));
        await ours.widen(root, wider);
        await this.#ask('widen', {});
        return true;
      }
      case 'compact':
      case 'checkpoint':
        await ours[step.do](root);
        await this.#ask(step.do, {});
        return true;
      case 'cleanLog':
        await ours.cleanLog(root);
        await this.#ask('clean_log', {});
        return true;
      case 'vacuum':
        // The store keeps whole seconds, and deltalake keeps what is as young as its start.
        await sleep(1_100);
        await ours.vacuum(root);
        await this.#ask('vacuum', {});
        return true;
      case 'swap':
        [this.#roots.ours, this.#roots.deltalake] = [this.#roots.deltalake, this.#roots.ours];
        return true;
      default:
        return step satisfies never;
    }
  }

  async expectAlike(): Promise<void> {
    const rows: (readonly string[])[] = [];
    for (const root of Object.values(this.#roots)) {
      const { state } = await this.#world.ours.open(root);
      const [mine, theirs] = [
        await this.#world.view.look(root, state),
        await this.#world.python.ask<ForeignView>({ do: 'look', root }),
      ];
      expect(mine).toEqual({ ...theirs, rows: theirs.rows.map((row) => JSON.stringify(row)).sort() });
      expect(mine.fields).toEqual(this.#fields.map(({ name, type }) => [name, type]));
      rows.push(mine.rows);
    }
    expect(rows[0]).toEqual(rows[1]);
  }

  async #ask(what: string, request: object): Promise<void> {
    const fields = this.#fields.map(({ name, type }) => [name, type]);
    await this.#world.python.ask({ do: what, root: this.#roots.deltalake, fields, ...request });
  }
}
