/** Connect's name and Avro's of the same number. */
export const SAME_NUMBER: ReadonlyMap<string, string> = new Map([
  ['org.apache.kafka.connect.data.Decimal', 'decimal'],
  ['io.debezium.time.Date', 'date'],
  ['io.debezium.time.MicroTime', 'time-micros'],
  ['io.debezium.time.MicroTimestamp', 'local-timestamp-micros'],
]);

const NUMBERS = new Set([...SAME_NUMBER.values(), 'timestamp-micros']);

/**
 * Whether equal values of these types, as Debezium and as this source name them, mean the same. Names that only mark a
 * text (enums, XML, JSON, ltree) leave the text as it is.
 */
export function sameMeaning(debezium: string, ours: string): boolean {
  const expected = SAME_NUMBER.get(debezium);
  if (expected !== undefined) return expected === ours;
  return !NUMBERS.has(ours) || debezium === ours;
}
