/** Confluent's wire format: a zero byte and the schema id as a big-endian 32-bit integer, then the Avro bytes. */
export const WIRE_HEADER_BYTES = 5;

/** Schema id of a framed value, or -1 when the bytes are not framed. */
export function schemaIdOf(buf: Buffer, start: number, end: number): number {
  if (end - start < WIRE_HEADER_BYTES || buf[start] !== 0) return -1;
  return buf.readInt32BE(start + 1);
}

export function wireHeader(schemaId: number): Buffer {
  const header = Buffer.alloc(WIRE_HEADER_BYTES);
  header.writeInt32BE(schemaId, 1);
  return header;
}
