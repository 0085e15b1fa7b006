import type { ColumnSchema, EnvelopeReader } from '@hasivu/change-events';
import type { DeltaField } from '@hasivu/delta';
import { comparePlaces, halvesOf, type PlaceHalves } from './change-position.ts';
import { initialSince } from './column-initial.ts';
import { fieldFor } from './column-origin.ts';

/** Places of the first changes known with those of a writer's columns that have an initial value. */
export function firstWith(fields: readonly DeltaField[], columns: readonly ColumnSchema[]): PlaceHalves[] {
  return columns.flatMap((source) => {
    const own = fieldFor(fields, source);
    const since = own === null ? null : initialSince(own);
    return since === null ? [] : [halvesOf(since)];
  });
}

/** Whether the change that was read stands before none of these places. */
export function isNoneBefore(reader: EnvelopeReader, places: readonly PlaceHalves[]): boolean {
  for (const place of places) if (comparePlaces(reader, place) < 0) return false;
  return true;
}
