import type { ByteReader } from '../wire/byte-reader.ts';
import type { ByteWriter } from '../wire/byte-writer.ts';

/**
 * One Kafka API at the one version we speak. The versions are those that Kafka 2.5 to 4.x all accept, so there is no
 * negotiation beyond the check at connect; flexible (tagged) versions are used only where a field needs them.
 */
export interface KafkaApi<Request, Response> {
  readonly key: number;
  readonly version: number;
  readonly name: string;
  readonly flexible: boolean;
  encode(out: ByteWriter, request: Request): void;
  decode(input: ByteReader): Response;
}
