import type { AnnouncedShape } from './announced-shape.ts';

/** What the topic of schema changes says last of one name. */
export interface AnnouncedEntry {
  /** null where it says that the table is gone. */
  readonly shape: AnnouncedShape | null;
  /** 0 where it is not known. */
  readonly oid: number;
  readonly commitLsn: number;
  readonly seq: number;
}

/**
 * The newest shape of every table by its name. A table that was renamed is known by the name of its last record, which
 * its OID tells.
 */
export class SchemaHistory {
  readonly #byName = new Map<string, AnnouncedEntry>();
  readonly #nameByOid = new Map<number, string>();

  /**
   * @param records last record of each name
   * @param names of tables that the topic may not know, by OID, as the catalog has them at the start
   */
  constructor(
    records: ReadonlyMap<string, AnnouncedEntry> = new Map(),
    names: ReadonlyMap<number, string> = new Map(),
  ) {
    for (const [oid, name] of names) this.#nameByOid.set(oid, name);
    const inOrder = [...records].sort(([, a], [, b]) => a.commitLsn - b.commitLsn || a.seq - b.seq);
    for (const [name, entry] of inOrder) this.set(name, entry);
  }

  shapeOf(name: string): AnnouncedShape | null {
    return this.#byName.get(name)?.shape ?? null;
  }

  nameOf(oid: number): string | null {
    return this.#nameByOid.get(oid) ?? null;
  }

  set(name: string, entry: AnnouncedEntry): void {
    const former = this.nameOf(entry.oid);
    if (former !== null && former !== name) this.#byName.delete(former);
    const replaced = this.#byName.get(name)?.oid ?? 0;
    if (replaced !== entry.oid) this.#nameByOid.delete(replaced);
    if (entry.shape === null) {
      this.#byName.delete(name);
      this.#nameByOid.delete(entry.oid);
      return;
    }
    this.#byName.set(name, entry);
    if (entry.oid !== 0) this.#nameByOid.set(entry.oid, name);
  }
}

/** What a record of the topic says, or null where it is not one of ours. */
export function announcedEntry(record: Buffer): AnnouncedEntry | null {
  try {
    const { source, tableOid, tableChanges } = JSON.parse(record.toString('utf8')) as {
      source: { commit_lsn: number; seq: number };
      tableOid?: number;
      tableChanges: { table: AnnouncedShape | null }[];
    };
    const [change] = tableChanges;
    if (change === undefined) return null;
    return { shape: change.table, oid: tableOid ?? 0, commitLsn: source.commit_lsn, seq: source.seq };
  } catch {
    return null;
  }
}
