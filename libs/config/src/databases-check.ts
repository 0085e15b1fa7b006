import type { CapturedDatabase } from './captured-databases.ts';
import type { ConfigMistake } from './config-mistake.ts';

/** Second parts of topic names that are not schemas. */
const RESERVED = ['curated', 'events'];

/** What several databases in one file must not share: then their topics, slots or metrics would be the same. */
export function databaseMistakes(
  databases: readonly CapturedDatabase[],
  kafkaPrefix: string,
): ConfigMistake[] {
  const mistakes: ConfigMistake[] = [];
  databases.forEach((database, i) => {
    const { name, prefix, postgres, path } = database;
    const at = (field: string, reason: string): void =>
      void mistakes.push({ path: `${path}/${field}`, reason });
    const before = databases.slice(0, i);
    // Metrics call the one without a name `default`.
    if (before.some((other) => (other.name ?? 'default') === (name ?? 'default')))
      at('name', name === null ? 'is missing: another database has none' : `a second database named ${name}`);
    const sameSlot = before.find((other) => other.postgres.slot === postgres.slot);
    if (sameSlot) at('slot', `${postgres.slot} is the slot of ${sameSlot.path} already`);
    const samePrefix = before.find((other) => other.prefix === prefix);
    if (samePrefix) at('prefix', `the topics of ${samePrefix.path} begin with ${prefix} already`);
    const reserved = RESERVED.find((part) => within(prefix, kafkaPrefix) === part);
    if (reserved) at('prefix', `${kafkaPrefix}.${reserved} is for other topics`);
    for (const other of databases) {
      const part = within(prefix, other.prefix);
      if (part !== null && other.postgres.tables.some((table) => table.startsWith(`${part}.`)))
        at('prefix', `${prefix} is what the topics of the schema ${part} of ${other.path} begin with`);
    }
  });
  return mistakes;
}

/** The part of `inner` that follows `outer.`, or null where it lies elsewhere. */
function within(inner: string, outer: string): string | null {
  if (!inner.startsWith(`${outer}.`)) return null;
  return inner.slice(outer.length + 1).split('.')[0] ?? null;
}
