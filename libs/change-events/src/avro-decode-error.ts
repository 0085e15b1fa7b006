/** Bytes that are not what their schema says. Data, not infrastructure: the record goes to the dead-letter topic. */
export class AvroDecodeError extends Error {
  override readonly name = 'AvroDecodeError';
}
