import { kafkaBrokers, kafkaPart } from '../parts/kafka.ts';
import { postgresPart, postgresUrl } from '../parts/postgres.ts';
import { registryPart, registryUrl } from '../parts/registry.ts';
import { s3Facts, s3Part } from '../parts/s3.ts';
import type { ServerPart } from '../parts/server-part.ts';
import type { StackPlan } from '../stack-plan.ts';
import { stateFiles, writePrivateJson } from '../state-directory.ts';
import { overallState, PART_NAMES, type PartName, type StackStatus } from '../stack-status.ts';
import { ManagedPart } from './managed-part.ts';
import { OrphanGuard } from './orphan-guard.ts';

/** Parent of the servers: starts them, writes the status file at every change, stops them. */
export class StackKeeper {
  readonly #plan: StackPlan;
  readonly #guard = new OrphanGuard();
  readonly #parts: ReadonlyMap<PartName, ManagedPart>;
  #ended = false;

  constructor(plan: StackPlan) {
    this.#plan = plan;
    const files = stateFiles(plan.stateDirectory);
    const changed = (): void => this.#writeStatus();
    const managed = serverParts(plan).map(
      (part) => new ManagedPart(part, files.log(part.name), this.#guard, changed),
    );
    this.#parts = new Map(managed.map((part) => [part.part.name, part]));
  }

  /** Starts every part at once; a part that fails is told by the status and keeps the others running. */
  async startAll(): Promise<void> {
    await Promise.allSettled([...this.#parts.values()].map((part) => part.start()));
  }

  async shutDown(): Promise<void> {
    await Promise.allSettled([...this.#parts.values()].map((part) => part.shutDown()));
    this.#ended = true;
    this.#writeStatus();
    this.#guard.close();
  }

  /** The part of that name, or null when it is external. */
  part(name: PartName): ManagedPart | null {
    return this.#parts.get(name) ?? null;
  }

  status(): StackStatus {
    const plan = this.#plan;
    const facts = (name: PartName) => {
      const part = this.#parts.get(name);
      if (part === undefined) return { state: 'external', pid: null, log: null, reason: null } as const;
      return { state: part.state, pid: part.pid, log: part.log, reason: part.reason } as const;
    };
    return {
      version: 1,
      state: this.#ended ? 'stopped' : overallState(PART_NAMES.map((name) => facts(name).state)),
      mode: plan.mode,
      stateDirectory: plan.stateDirectory,
      keeperPid: this.#ended ? null : process.pid,
      startedAt: plan.startedAt,
      postgres: { ...facts('postgres'), url: plan.external.postgres?.url ?? postgresUrl(plan) },
      kafka: {
        ...facts('kafka'),
        brokers: plan.external.kafka?.brokers ?? kafkaBrokers(plan),
        libDirectory: plan.kafka?.libDirectory ?? null,
        java: plan.kafka?.java ?? null,
      },
      registry: { ...facts('registry'), url: plan.external.registry?.url ?? registryUrl(plan) },
      s3: { ...facts('s3'), ...(plan.external.s3 ?? s3Facts(plan)) },
    };
  }

  #writeStatus(): void {
    writePrivateJson(stateFiles(this.#plan.stateDirectory).status, this.status());
  }
}

function serverParts(plan: StackPlan): ServerPart[] {
  return [
    ...(plan.postgres === null ? [] : [postgresPart(plan, plan.postgres)]),
    ...(plan.kafka === null ? [] : [kafkaPart(plan, plan.kafka)]),
    ...(plan.registry === null ? [] : [registryPart(plan, plan.registry)]),
    ...(plan.s3 === null ? [] : [s3Part(plan, plan.s3)]),
  ];
}
