import { join } from 'node:path';
import { loadConfig, type HasivuConfig } from '@hasivu/config';
import { startStack, type RunningStack } from '@hasivu/local-stack';
import type { CliContext } from '../cli-context.ts';
import type { DemoOptions } from '../commands/demo.ts';
import { FlowView } from '../group/flow-view.ts';
import { startGroup, type RunningGroup } from '../group/running-group.ts';
import { planServices } from '../group/service-plan.ts';
import { orInterrupted } from '../interrupts.ts';
import { LakeEngine } from '../lake/lake-engine.ts';
import { writeResult } from '../lake/result-format.ts';
import { stackDirectory } from '../stack/stack-summary.ts';
import { formatCount, formatRate } from '../terminal/quantity.ts';
import { waitUntilCaughtUp } from './catch-up.ts';
import { demoConfigPath, demoDirectory, writeDemoConfig } from './demo-config.ts';
import { createDemoDatabase, dropEarlierDatabases, dropSlots, openDatabase } from './demo-database.ts';
import { deleteEarlierLakes } from './demo-lake.ts';
import { demoNames, type DemoNames } from './demo-names.ts';
import { proveDemo } from './demo-proof.ts';
import { printNextSteps, printProof, tableLine } from './demo-report.ts';
import { EXAMPLE_QUERIES } from './example-queries.ts';
import { runInBackground, stopEarlierGroup } from './keep-running.ts';
import { LoadPlan } from './load/load-plan.ts';
import { runLoad, type LoadProgress } from './load/run-load.ts';
import { DEMO_SIZE } from './seed/demo-size.ts';
import { seedDatabase } from './seed/seed-database.ts';
import { groupFailure, slotExists } from './group-watch.ts';
import { StepPrinter } from './step-printer.ts';

const STEPS = 6;
const CATCH_UP_MS = 240_000;

/** One play of the demo from an empty machine to the proof. Disposing it stops whatever it started and was not told to keep. */
export class DemoRun implements AsyncDisposable {
  readonly #context: CliContext;
  readonly #options: DemoOptions;
  readonly #steps: StepPrinter;
  readonly #names: DemoNames;
  #stack: RunningStack | null = null;
  #group: RunningGroup | null = null;
  #view: FlowView | null = null;
  #kept = false;

  constructor(context: CliContext, options: DemoOptions) {
    this.#context = context;
    this.#options = options;
    this.#steps = new StepPrinter(context, STEPS);
    this.#names = demoNames(new Date());
  }

  /** True when the lake is equal to the source in every table, and the quarantine in every rule. */
  async play(): Promise<boolean> {
    const stack = await this.#startStack();
    const url = await this.#seed(stack);
    const { config, configPath, group } = await this.#startServices(stack);
    await using database = await openDatabase(url);
    const progress = await this.#load(url, group);
    await this.#catchUp(database.client, group, progress);
    await using engine = await LakeEngine.open({
      lake: config.lake!,
      cacheDir: join(this.#context.stateDir, 'cache', 'lake'),
      signal: this.#context.stop,
    });
    this.#steps.begin('proof: Postgres and the lake, counted and summed by each on its own');
    const proof = await proveDemo({
      client: database.client,
      engine,
      config,
      signal: this.#context.stop,
      onTable: (table) => this.#steps.detail(tableLine(table)),
    });
    printProof(proof, this.#context);
    await this.#askExamples(engine);
    const supervisorPid = this.#options.keep ? await this.#keep(configPath) : null;
    printNextSteps(
      { configPath, prefix: config.kafka.prefix, kept: this.#kept, supervisorPid },
      this.#context,
    );
    return proof.equal;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#view?.close();
    if (this.#context.stop.aborted) this.#steps.detail('interrupted: stopping what was started');
    await this.#stopGroup();
    if (this.#kept || !this.#stack) return;
    await dropSlots(this.#stack.status, this.#names.database).catch(() => {});
    if (!this.#stack.startedHere) return;
    this.#context.out.write(`${this.#context.paint.dim('stopping the local stack')}\n`);
    await this.#stack.stop();
  }

  async #startStack(): Promise<RunningStack> {
    const context = this.#context;
    this.#steps.begin('local stack: PostgreSQL, Kafka, schema registry, S3');
    const stopped = await stopEarlierGroup(context, demoConfigPath(context));
    if (stopped) this.#steps.detail('stopped the services that an earlier demo left running');
    const mode = this.#options.keep ? 'detached' : 'foreground';
    const starting = startStack({
      stateDirectory: stackDirectory(context),
      mode,
      report: (line) => this.#steps.detail(line),
      env: { ...context.env },
    });
    this.#stack = await orInterrupted(starting, context.stop);
    const { status, startedHere } = this.#stack;
    await dropEarlierDatabases(status);
    await deleteEarlierLakes(status);
    this.#steps.end(startedHere ? 'started' : 'was running already, and stays');
    return this.#stack;
  }

  async #seed({ status }: RunningStack): Promise<string> {
    const { seed } = this.#options;
    this.#steps.begin(`HASIVU operational schema, ${DEMO_SIZE.schools} schools (seed ${seed})`);
    const url = await createDemoDatabase(status, this.#names.database);
    await using database = await openDatabase(url);
    const rows = await orInterrupted(
      seedDatabase(database.client, DEMO_SIZE, seed, (table, count) =>
        this.#steps.detail(`${table}: ${formatCount(count)} rows`),
      ),
      this.#context.stop,
    );
    this.#steps.end(`${formatCount(rows)} rows in database ${this.#names.database}`);
    return url;
  }

  async #startServices({
    status,
  }: RunningStack): Promise<{ config: HasivuConfig; configPath: string; group: RunningGroup }> {
    const context = this.#context;
    this.#steps.begin('services: source, processor, sink');
    const configPath = writeDemoConfig(context, status, this.#names);
    const config = loadConfig(configPath, { ...context.env });
    this.#view = new FlowView({
      context,
      prefix: config.kafka.prefix,
      json: false,
      plain: 'services',
      headline: () => this.#headline,
    });
    const group = await startGroup({
      context,
      config,
      configPath,
      names: planServices(config),
      listener: this.#view,
      logDir: join(demoDirectory(context), 'logs'),
    });
    this.#group = group;
    this.#steps.detail(`configuration ${configPath}, logs ${group.logDir}`);
    await using server = await openDatabase(status.postgres.url);
    await this.#whileRunning(slotExists(server.client, this.#names.database, context.stop), group);
    this.#steps.end('running; the snapshot of the seeded rows is under way');
    return { config, configPath, group };
  }

  #headline: readonly string[] = [];

  /** The load runs while the snapshot is still being copied: the seam between the two is part of what is proven. */
  async #load(url: string, group: RunningGroup): Promise<LoadProgress> {
    const { seconds, seed } = this.#options;
    this.#steps.begin(`live load for ${seconds} s: inserts, updates, key changes, deletes (seed ${seed})`);
    this.#view?.watch(group);
    await using database = await openDatabase(url);
    const startedMs = performance.now();
    const plan = new LoadPlan({ seed, size: DEMO_SIZE, startMs: Date.now() });
    const onProgress = ({ transactions, rowChanges }: LoadProgress): void => {
      const elapsed = (performance.now() - startedMs) / 1000;
      this.#headline = [
        `load: ${formatCount(rowChanges)} row changes in ${formatCount(transactions)} transactions, ${formatRate(rowChanges / elapsed)}/s, ${Math.max(0, Math.ceil(seconds - elapsed))} s left`,
      ];
    };
    const progress = await this.#whileRunning(
      runLoad(database.client, { plan, seconds, signal: this.#context.stop, onProgress }),
      group,
    );
    this.#context.stop.throwIfAborted();
    this.#steps.end(
      `${formatCount(progress.rowChanges)} row changes in ${formatCount(progress.transactions)} transactions`,
    );
    return progress;
  }

  async #catchUp(
    client: Parameters<typeof waitUntilCaughtUp>[0]['client'],
    group: RunningGroup,
    progress: LoadProgress,
  ): Promise<void> {
    this.#steps.begin('catching up');
    const onWait = (what: string): void =>
      void (this.#headline = [
        `load: stopped after ${formatCount(progress.rowChanges)} row changes; ${what || 'nothing left to wait for'}`,
      ]);
    const caughtUp = waitUntilCaughtUp({
      client,
      slot: this.#names.database,
      ports: group.ports,
      timeoutMs: CATCH_UP_MS,
      signal: this.#context.stop,
      onWait,
    });
    await this.#whileRunning(caughtUp, group);
    this.#view?.close();
    this.#steps.end(
      'the slot has confirmed the end of the log, readers are at the end of their topics, all is committed',
    );
  }

  async #askExamples(engine: LakeEngine): Promise<void> {
    const { out, paint } = this.#context;
    for (const { question, sql } of EXAMPLE_QUERIES) {
      out.write(`\n${paint.bold(question)}\n${paint.dim(sql)}\n`);
      const { result } = await engine.query(sql);
      await writeResult(result, 'table', this.#context);
    }
  }

  /** The services go on in a process of their own: they start where these ended. */
  async #keep(configPath: string): Promise<number> {
    await this.#stopGroup();
    const pid = await runInBackground(this.#context, configPath);
    this.#kept = true;
    return pid;
  }

  /** Waits for the work, and not longer than the services live: their message is worth more than a time-out. */
  async #whileRunning<T>(work: Promise<T>, group: RunningGroup): Promise<T> {
    return orInterrupted(Promise.race([work, groupFailure(group)]), this.#context.stop);
  }

  async #stopGroup(): Promise<void> {
    const group = this.#group;
    this.#group = null;
    if (!group) return;
    const { kill } = this.#context;
    kill.addEventListener('abort', () => group.kill(), { once: true });
    if (kill.aborted) group.kill();
    else group.drain(0);
    await group.ended;
  }
}
