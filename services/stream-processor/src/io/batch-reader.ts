import { schemaIdOf } from '@hasivu/change-events';
import type { FetchedBatch } from '@hasivu/kafka';

import type { EventProcessor } from '../core/event-processor.ts';
import type { SourcePlace } from '../core/set-aside.ts';
import { NO_KEY } from './program-compiler.ts';
import type { TopicPrograms } from './topic-programs.ts';

const NOT_FRAMED = 'the value does not begin with a schema id';
const KEY_NOT_FRAMED = 'the key does not begin with a schema id';

/** Takes a fetched batch through the processor; waits only where a schema is met for the first time. */
export async function processBatch(
  batch: FetchedBatch,
  programs: TopicPrograms,
  processor: EventProcessor,
): Promise<void> {
  const { cursor } = batch;
  const { pipelines } = programs;
  const place: SourcePlace = { topic: batch.topic, partition: batch.partition };
  while (cursor.next()) {
    if (cursor.valueStart < 0) {
      processor.tombstone(place, pipelines);
      continue;
    }
    const valueId = schemaIdOf(cursor.buffer, cursor.valueStart, cursor.valueEnd);
    const keyId = cursor.keyStart < 0 ? NO_KEY : schemaIdOf(cursor.buffer, cursor.keyStart, cursor.keyEnd);
    if (valueId <= 0 || keyId < 0) {
      processor.deadLetter(cursor, place, pipelines, valueId <= 0 ? NOT_FRAMED : KEY_NOT_FRAMED);
      continue;
    }
    let program = programs.find(valueId, keyId);
    if (!program) {
      await programs.compile(valueId, keyId);
      program = programs.find(valueId, keyId);
    }
    if (!program) throw new Error('a program was compiled and is not there');
    if ('refused' in program) processor.deadLetter(cursor, place, pipelines, program.refused);
    else processor.event(cursor, place, program, pipelines);
  }
}
