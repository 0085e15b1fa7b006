import { topicNames } from '@hasivu/change-events';

import type { AnnouncedShape } from '../src/core/announced-shape.ts';
import type { SourceUnderTest } from './source-under-test.ts';

/** A record of the topic of schema changes. */
export interface SeenChange {
  readonly id: string;
  readonly type: string;
  readonly command: string | null;
  readonly ddl: string | null;
  readonly changes: readonly string[];
  readonly table: AnnouncedShape | null;
  /** `commit LSN:number`. */
  readonly position: string;
}

interface Recorded extends Omit<SeenChange, 'id' | 'type' | 'table' | 'position'> {
  readonly source: { readonly commit_lsn: number; readonly seq: number };
  readonly tableChanges: { id: string; type: string; table: AnnouncedShape | null }[];
}

/** The committed records of the topic of schema changes, in their order. */
export async function schemaChangesOf(source: SourceUnderTest): Promise<SeenChange[]> {
  const records = await source.records(topicNames(source.topics.prefix).schemaChanges);
  return records.map(({ value }) => {
    const { source: place, tableChanges, ...rest } = JSON.parse(String(value)) as Recorded;
    const [change] = tableChanges as [Recorded['tableChanges'][number]];
    return { ...rest, ...change, position: `${place.commit_lsn}:${place.seq}` };
  });
}
