import type { SourceUnderTest } from '../source-under-test.ts';

/** Captured from the beginning. `log` has no primary key; `evolving` changes its shape; `documents` has TOAST values. */
export const BASE_TABLES = ['accounts', 'log', 'wide', 'documents', 'evolving'].map(
  (name) => `public.${name}`,
);

/** Also in the publication, never captured: its changes are numbered all the same. */
const SETUP = `
  CREATE SEQUENCE ids START 100000;
  CREATE TABLE accounts (id bigint PRIMARY KEY, balance numeric(12,2) NOT NULL, note text);
  CREATE TABLE log (at bigint, who text);
  ALTER TABLE log REPLICA IDENTITY FULL;
  CREATE TABLE wide (id bigint PRIMARY KEY, body text);
  CREATE TABLE documents (id int PRIMARY KEY, version int NOT NULL, body text NOT NULL);
  CREATE TABLE evolving (id bigint PRIMARY KEY, touched int NOT NULL DEFAULT 0, c1 int);
  CREATE TABLE noise (n bigint);
  INSERT INTO accounts SELECT i, i, 'opened' FROM generate_series(1, 500) i;
  INSERT INTO log SELECT i, 'before' FROM generate_series(1, 300) i;
  INSERT INTO wide SELECT i, md5(i::text) FROM generate_series(1, 10) i;
  INSERT INTO documents SELECT i, 0, (SELECT string_agg(md5(random()::text || j), '') FROM generate_series(1, 400) j WHERE i > 0)
    FROM generate_series(1, 30) i;
  INSERT INTO evolving SELECT i, 0, i FROM generate_series(1, 100) i;
  CREATE PUBLICATION cdc FOR ALL TABLES`;

export async function createTables(source: SourceUnderTest): Promise<void> {
  await source.sql(SETUP);
  // Whatever is larger than this is streamed while it is in progress, or spilled to disk: a few hundred rows.
  await source.sql(`ALTER DATABASE "${source.database.name}" SET logical_decoding_work_mem = '64kB'`);
}

/** A table that appears in the middle of the storm; the next life copies it. */
export async function addTable(source: SourceUnderTest, name: string): Promise<void> {
  await source.sql(`CREATE TABLE ${name} (id bigint PRIMARY KEY, n int);
    INSERT INTO ${name} SELECT i, i FROM generate_series(1, 500) i`);
}
