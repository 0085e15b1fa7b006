import { PlatformError } from '@hasivu/errors';
import type { KafkaApi } from '../protocol/api.ts';
import { ByteReader } from '../wire/byte-reader.ts';
import { ByteWriter, partsSize } from '../wire/byte-writer.ts';
import type { ConnectionSettings } from './connection-options.ts';
import type { AllocateFrame } from './frame-assembler.ts';
import { BrokerLostError, mapConnectError } from './kafka-error.ts';
import {
  createKafkajsBroker,
  type KafkajsBroker,
  type KafkajsConnection,
  type KafkajsResponse,
} from './kafkajs-internals.ts';
import { REQUIRED_APIS } from './required-apis.ts';

const FRAME_HEADER_BYTES = 4 + 2 + 2 + 4;

/** One connection to one broker. A lost one is not repaired: `isOpen` turns false and the owner opens another. */
export class BrokerLink {
  readonly address: string;
  readonly #broker: KafkajsBroker;
  readonly #connection: KafkajsConnection;
  readonly #settings: ConnectionSettings;
  readonly #clientId: Buffer;
  #closed = false;

  private constructor(
    address: string,
    settings: ConnectionSettings,
    broker: KafkajsBroker,
    connection: KafkajsConnection,
  ) {
    this.address = address;
    this.#settings = settings;
    this.#broker = broker;
    this.#connection = connection;
    this.#clientId = Buffer.from(settings.clientId);
  }

  /** Connects, checks the API versions and authenticates. Throws PlatformError (TLS, SASL, too old) or BrokerLostError. */
  static async open(
    host: string,
    port: number,
    settings: ConnectionSettings,
    allocateFrame?: AllocateFrame,
  ): Promise<BrokerLink> {
    const address = `${host}:${port}`;
    const { broker, connection } = createKafkajsBroker({ host, port, ...settings, allocateFrame });
    const link = new BrokerLink(address, settings, broker, connection);
    let timer: NodeJS.Timeout | undefined;
    try {
      // kafkajs never settles when the server closes during the handshake (TLS asked of a plain listener).
      const timeout = new Promise<never>((_, reject) => {
        timer = setTimeout(
          () => reject(new Error('the connection was not ready in time')),
          settings.connectTimeoutMs * 2,
        );
      });
      await Promise.race([broker.connect(), timeout]);
      link.#checkVersions();
    } catch (error) {
      link.close();
      throw mapConnectError(error, address);
    } finally {
      clearTimeout(timer);
    }
    connection.socket?.setNoDelay(true);
    return link;
  }

  #checkVersions(): void {
    const versions = this.#broker.versions;
    for (const { key, version, name } of REQUIRED_APIS) {
      const offered = versions?.[key];
      if (offered === undefined || version < offered.minVersion || version > offered.maxVersion) {
        const range = offered === undefined ? 'not at all' : `${offered.minVersion} to ${offered.maxVersion}`;
        throw new PlatformError('KAFKA_BROKER_TOO_OLD', {
          doing: `connecting to the Kafka broker ${this.address}`,
          why: `it speaks ${name} ${range}, and version ${version} is needed`,
          context: { address: this.address, api: name },
        });
      }
    }
  }

  get isOpen(): boolean {
    return !this.#closed && this.#connection.isConnected();
  }

  /** Sends one request and decodes its answer. Throws BrokerLostError where the answer cannot come any more. */
  async send<Request, Response>(
    api: KafkaApi<Request, Response>,
    request: Request,
    requestTimeoutMs?: number,
  ): Promise<Response> {
    const connection = this.#connection;
    if (!this.isOpen) throw new BrokerLostError(this.address, new Error('the connection is closed'));
    if (this.#settings.sasl !== null && !connection.isAuthenticated()) {
      try {
        await connection.authenticate();
      } catch (error) {
        throw mapConnectError(error, this.address);
      }
    }
    const { payload } = await this.#exchange(api, request, requestTimeoutMs ?? null);
    const input = new ByteReader(payload);
    if (api.flexible) input.tags();
    return api.decode(input);
  }

  #exchange<Request, Response>(
    api: KafkaApi<Request, Response>,
    request: Request,
    requestTimeout: number | null,
  ): Promise<KafkajsResponse> {
    const connection = this.#connection;
    const correlationId = connection.nextCorrelationId();
    const body = new ByteWriter();
    api.encode(body, request);
    const parts = body.toParts();
    const header = this.#header(api, correlationId, partsSize(parts));
    return new Promise<KafkajsResponse>((resolve, rejectRaw) => {
      const reject = (error: unknown): void => {
        // Answers come in order: after one that never came, nothing on this connection can be trusted to come.
        if (error instanceof Error && error.name === 'KafkaJSRequestTimeoutError') this.close();
        rejectRaw(new BrokerLostError(this.address, error));
      };
      const entry = {
        apiKey: api.key,
        apiName: api.name,
        apiVersion: api.version,
        correlationId,
        resolve,
        reject,
      };
      const sendRequest = (): void => {
        const { socket } = connection;
        if (socket === undefined || !connection.isConnected()) throw new Error('the connection is closed');
        // One writev instead of a copy of the batches into one frame.
        socket.cork();
        socket.write(header);
        for (const part of parts) socket.write(part);
        socket.uncork();
      };
      try {
        connection.requestQueue.push({ entry, expectResponse: true, requestTimeout, sendRequest });
      } catch (error) {
        reject(error);
      }
    });
  }

  #header(
    api: { key: number; version: number; flexible: boolean },
    correlationId: number,
    bodyBytes: number,
  ): Buffer {
    const size = FRAME_HEADER_BYTES + 2 + this.#clientId.length + (api.flexible ? 1 : 0);
    const header = Buffer.allocUnsafe(size);
    header.writeInt32BE(size - 4 + bodyBytes, 0);
    header.writeInt16BE(api.key, 4);
    header.writeInt16BE(api.version, 6);
    header.writeInt32BE(correlationId, 8);
    header.writeInt16BE(this.#clientId.length, FRAME_HEADER_BYTES);
    this.#clientId.copy(header, FRAME_HEADER_BYTES + 2);
    if (api.flexible) header[size - 1] = 0;
    return header;
  }

  /** Closes at once; requests under way are rejected. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const { requestQueue, socket } = this.#connection;
    requestQueue.rejectAll(new Error('the connection was closed'));
    requestQueue.destroy();
    // kafkajs ends the socket politely, which a dead peer never answers; destroy it after that.
    void this.#connection.disconnect().finally(() => socket?.destroy());
  }
}
