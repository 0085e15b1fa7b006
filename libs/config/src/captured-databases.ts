import type { HasivuConfig } from './config-schema.ts';
import type { PostgresConfig } from './postgres-section.ts';
import { capturedBy } from './table-pattern.ts';

/** One database that cdc-source captures. */
export interface CapturedDatabase {
  /** Null for the one that needs none. */
  readonly name: string | null;
  /** First part of the names of its topics. */
  readonly prefix: string;
  readonly postgres: PostgresConfig;
  /** JSON pointer of its section. */
  readonly path: string;
}

type Named = Pick<HasivuConfig, 'source' | 'kafka'>;

/** The databases of `source.postgres`, which is one section or a list of them; empty without a source. */
export function capturedDatabases({ source, kafka }: Named): CapturedDatabase[] {
  if (source === undefined) return [];
  const path = '/source/postgres';
  const listed = Array.isArray(source.postgres)
    ? source.postgres.map((postgres, i) => ({ postgres, path: `${path}/${i}` }))
    : [{ postgres: source.postgres, path }];
  return listed.map(({ postgres, path: at }) => ({
    name: postgres.name ?? null,
    prefix: postgres.prefix ?? prefixOf(kafka.prefix, postgres.name),
    postgres,
    path: at,
  }));
}

/** The databases that capture a table, of all or of the one with that name. */
export function databasesOf(config: Named, table: string, name?: string): CapturedDatabase[] {
  return capturedDatabases(config).filter(
    (database) =>
      (name === undefined || database.name === name) &&
      capturedBy(database.postgres.tables, table, database.postgres.exclude),
  );
}

/** First part of the topic of a table; by the rule alone where the file has no source. */
export function topicPrefixOf(config: Named, table: string, name?: string): string {
  return databasesOf(config, table, name)[0]?.prefix ?? prefixOf(config.kafka.prefix, name);
}

function prefixOf(prefix: string, name: string | undefined): string {
  return name === undefined ? prefix : `${prefix}.${name}`;
}
