import { createRequire } from 'node:module';
import { connect, type Socket } from 'node:net';
import { FrameAssembler, type AllocateFrame } from './frame-assembler.ts';

/**
 * The only door to kafkajs's untyped internals. kafkajs is frozen at 2.2.4, so their shape is stable: we take its sockets,
 * TLS, SASL, request queue and timeouts, and send and decode our own bytes over them.
 */
export interface KafkajsResponse {
  /** The response after the correlation id. */
  readonly payload: Buffer;
}

interface RequestEntry {
  readonly apiKey: number;
  readonly apiName: string;
  readonly apiVersion: number;
  readonly correlationId: number;
  readonly resolve: (response: KafkajsResponse) => void;
  readonly reject: (error: Error) => void;
}

export interface KafkajsRequestQueue {
  throttledUntil: number;
  readonly pending: readonly object[];
  push(request: {
    entry: RequestEntry;
    expectResponse: boolean;
    requestTimeout: number | null;
    sendRequest: () => void;
  }): void;
  fulfillRequest(response: { correlationId: number; size: number; payload: Buffer }): void;
  rejectAll(error: Error): void;
  scheduleCheckPendingRequests(): void;
  destroy(): void;
}

export interface KafkajsConnection {
  readonly requestQueue: KafkajsRequestQueue;
  readonly socket?: Socket;
  /** Called with what arrives on the socket. */
  processData(chunk: Buffer): void;
  isConnected(): boolean;
  isAuthenticated(): boolean;
  authenticate(): Promise<void>;
  disconnect(): Promise<boolean>;
  nextCorrelationId(): number;
}

export interface KafkajsSasl {
  readonly mechanism: string;
  readonly username: string;
  readonly password: string;
}

export interface KafkajsTls {
  readonly ca?: Buffer[];
  readonly cert?: Buffer;
  readonly key?: Buffer;
  readonly servername?: string;
  readonly rejectUnauthorized: boolean;
}

interface KafkajsConnectionPool {
  readonly pool: readonly KafkajsConnection[];
}

export interface KafkajsBroker {
  readonly versions: Readonly<Record<number, { minVersion: number; maxVersion: number } | undefined>> | null;
  /** Opens the first connection, asks for the API versions and authenticates. */
  connect(): Promise<void>;
}

interface KafkajsLogger {
  namespace(): KafkajsLogger;
  debug(): void;
  info(): void;
  warn(): void;
  error(): void;
}

type SocketFactory = (target: {
  host: string;
  port: number;
  ssl: KafkajsTls | null;
  onConnect: () => void;
}) => Socket;

interface ConnectionOptions {
  readonly host: string;
  readonly port: number;
  readonly clientId: string;
  readonly ssl: KafkajsTls | null;
  readonly sasl: KafkajsSasl | null;
  readonly connectionTimeout: number;
  readonly requestTimeout: number;
  readonly enforceRequestTimeout: boolean;
  readonly socketFactory: SocketFactory;
  readonly logger: KafkajsLogger;
}

type ConnectionPoolClass = new (options: ConnectionOptions) => KafkajsConnectionPool;
type BrokerClass = new (options: {
  connectionPool: KafkajsConnectionPool;
  logger: KafkajsLogger;
  authenticationTimeout: number;
}) => KafkajsBroker;

const require = createRequire(import.meta.url);
const ConnectionPool = require('kafkajs/src/network/connectionPool') as ConnectionPoolClass;
const Broker = require('kafkajs/src/broker') as BrokerClass;
const createSocketFactory = require('kafkajs/src/network/socketFactory') as () => SocketFactory;

/** kafkajs logs every failure at error level before it throws; the thrown error is what we report, once. */
const SILENT: KafkajsLogger = {
  namespace: () => SILENT,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

export interface KafkajsEndpoint {
  readonly host: string;
  readonly port: number;
  readonly clientId: string;
  readonly tls: KafkajsTls | null;
  readonly sasl: KafkajsSasl | null;
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** For answers; each gets a buffer of its own without it. */
  readonly allocateFrame?: AllocateFrame | undefined;
}

/** A broker of kafkajs with the one connection of its pool that we use. Nothing is opened yet. */
export function createKafkajsBroker(endpoint: KafkajsEndpoint): {
  broker: KafkajsBroker;
  connection: KafkajsConnection;
} {
  const connectionPool = new ConnectionPool({
    host: endpoint.host,
    port: endpoint.port,
    clientId: endpoint.clientId,
    ssl: endpoint.tls,
    // kafkajs caches its authenticator in this object, so every connection gets its own.
    sasl: endpoint.sasl === null ? null : { ...endpoint.sasl },
    connectionTimeout: endpoint.connectTimeoutMs,
    requestTimeout: endpoint.requestTimeoutMs,
    enforceRequestTimeout: true,
    socketFactory: endpoint.tls === null ? connectPlainly : createSocketFactory(),
    logger: SILENT,
  });
  const connection = connectionPool.pool[0];
  if (connection === undefined) throw new Error('kafkajs made a pool without connections');
  quietThrottleTimer(connection.requestQueue);
  assembleFrames(connection, endpoint.allocateFrame);
  const broker = new Broker({
    connectionPool,
    logger: SILENT,
    authenticationTimeout: endpoint.connectTimeoutMs,
  });
  return { broker, connection };
}

/** kafkajs arms a timer with a negative delay after every response, and Node warns about it: arm it only when needed. */
function quietThrottleTimer(queue: KafkajsRequestQueue): void {
  const schedule = queue.scheduleCheckPendingRequests.bind(queue);
  queue.scheduleCheckPendingRequests = () => {
    if (queue.pending.length > 0) schedule();
  };
}

const READ_BUFFER_BYTES = 256 * 1024;
const KEEP_ALIVE_DELAY_MS = 60_000;

/** A socket that reads into one buffer for its whole life, where kafkajs's would allocate 64 KiB per read. */
function connectPlainly({ host, port, onConnect }: Parameters<SocketFactory>[0]): Socket {
  const buffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
  const callback = (bytes: number): boolean => {
    socket.emit('data', buffer.subarray(0, bytes));
    return true;
  };
  const socket = connect({ host, port, onread: { buffer, callback } }, onConnect);
  return socket.setKeepAlive(true, KEEP_ALIVE_DELAY_MS);
}

/** kafkajs keeps the chunks of an answer and joins them at its end: twice its size, while it is large. */
function assembleFrames(connection: KafkajsConnection, allocate: AllocateFrame | undefined): void {
  const { requestQueue } = connection;
  const assembler = new FrameAssembler((frame) => {
    const payload = frame.subarray(4);
    requestQueue.fulfillRequest({ correlationId: frame.readInt32BE(0), size: frame.length, payload });
  }, allocate);
  connection.processData = (chunk) => assembler.push(chunk);
}
