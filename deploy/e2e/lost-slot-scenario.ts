import { waitFor } from '@hasivu/testing';
import { expect } from '@jest/globals';

import { OwnPostgres } from './own-postgres.ts';
import { PipelineUnderTest } from './pipeline-under-test.ts';

export const SEGMENT = 16 * 1024 * 1024;

/** A server of its own, whose slots can be lost in every way there is, and what has to hold afterwards. */
export class LostSlotScenario implements AsyncDisposable {
  readonly server: OwnPostgres;

  private constructor(server: OwnPostgres) {
    this.server = server;
  }

  static async create(): Promise<LostSlotScenario> {
    const small = { max_wal_size: '64MB', min_wal_size: '32MB' };
    return new LostSlotScenario(await OwnPostgres.start({ wal_level: 'logical', ...small }));
  }

  async pipeline(name: string, source: object): Promise<PipelineUnderTest> {
    const { server } = this;
    await server.query('SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots');
    await server.query('DROP TABLE IF EXISTS items CASCADE');
    await server.query('CREATE TABLE items (id int PRIMARY KEY, note text)');
    await server.query("INSERT INTO items SELECT i, 'first' FROM generate_series(1, 50) i");
    const pipeline = await PipelineUnderTest.create({
      name,
      tables: ['public.items'],
      database: server.database,
      source,
    });
    await pipeline.startAll();
    await pipeline.silverEventuallyEquals('public.items', ['id']);
    return pipeline;
  }

  /** Changes that no slot brings: rows that go, rows that change and rows that come. */
  async changeInTheGap(): Promise<void> {
    await this.server.query('DELETE FROM items WHERE id <= 20');
    await this.server.query("UPDATE items SET note = 'second' WHERE id > 40");
    await this.server.query("INSERT INTO items SELECT i, 'third' FROM generate_series(51, 60) i");
  }

  /** Silver is the source again; bronze has both copies with the truncate between, and repeats nothing. */
  async converged(pipeline: PipelineUnderTest): Promise<void> {
    await pipeline.silverEventuallyEquals('public.items', ['id']);
    const bronze = await pipeline.readBronze('public.items');
    expect(bronze).toMatchObject({ ops: { t: 1, r: 50 + 40 }, repeated_positions: 0 });
    const source = pipeline.service('cdc-source');
    expect(await (await fetch(`${source.url}/metrics`)).text()).toMatch(
      /hasivu_source_gaps_total\{database="default",code="SOURCE_\w+"\} 1/,
    );
    expect(source.output.join('\n')).toMatch(/changes after \S+ \(-?\d+\) were lost/);
    // What comes afterwards is streamed.
    await this.server.query("UPDATE items SET note = 'last' WHERE id = 30");
    await pipeline.silverEventuallyEquals('public.items', ['id']);
  }

  async dropSlot(slot: string): Promise<void> {
    await waitFor('the slot to be dropped', async () => {
      await this.server.query(
        'SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active',
      );
      await this.server.query('SELECT pg_drop_replication_slot($1)', [slot]);
      return true;
    });
  }

  async slotStatus(slot: string): Promise<string | undefined> {
    const [row] = await this.server.query<{ wal_status: string }>(
      'SELECT wal_status FROM pg_replication_slots WHERE slot_name = $1',
      [slot],
    );
    return row?.wal_status;
  }

  async writeLog(bytes: number): Promise<void> {
    for (let written = 0; written < bytes; written += SEGMENT / 2) {
      const emit = "SELECT pg_logical_emit_message(false, 'hasivu.filler', repeat('x', $1))";
      await this.server.query(emit, [SEGMENT / 2]);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
  }
}
