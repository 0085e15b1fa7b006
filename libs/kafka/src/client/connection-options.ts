import { readFileSync } from 'node:fs';
import { PlatformError } from '@hasivu/errors';
import type { Compression } from '../records/codec.ts';
import type { TopicRules } from './topic-settings.ts';
import type { KafkajsSasl, KafkajsTls } from './kafkajs-internals.ts';

/** The `kafka` section of the configuration, as far as connections need it. */
export interface KafkaConnectionConfig {
  /** Bootstrap brokers, `host:port`. */
  readonly brokers: readonly string[];
  readonly tls?: {
    readonly caFile?: string | undefined;
    readonly certFile?: string | undefined;
    readonly keyFile?: string | undefined;
    readonly serverName?: string | undefined;
    readonly verify?: boolean | undefined;
  };
  readonly sasl?: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    readonly password: string;
  };
  /** What producers of this cluster compress batches with, where they are not told otherwise. Default none. */
  readonly compression?: Compression;
  /** Largest record that producers write, and `max.message.bytes` of topics that are created. Default: a full batch. */
  readonly maxRecordBytes?: number;
  /** First part of topic names: patterns of `topics` are also compared with what is behind it. */
  readonly prefix?: string;
  /** Settings of topics that `ensureTopics` creates. */
  readonly topics?: TopicRules;
}

/** What the library reports while it works; pino fits. Never called per record. */
export interface KafkaLogger {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
}

export const SILENT_LOGGER: KafkaLogger = { info: () => undefined, warn: () => undefined };

export interface KafkaClientOptions {
  readonly clientId: string;
  readonly logger?: KafkaLogger;
  /** Longest wait for a TCP and TLS connection. Default 10,000. */
  readonly connectTimeoutMs?: number;
  /** Longest wait for the answer to one request. Default 30,000. */
  readonly requestTimeoutMs?: number;
  /** How long an unreachable cluster is retried before KAFKA_UNAVAILABLE. Default 120,000. */
  readonly unavailableTimeoutMs?: number;
}

export interface ConnectionSettings {
  readonly clientId: string;
  readonly tls: KafkajsTls | null;
  readonly sasl: KafkajsSasl | null;
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly unavailableTimeoutMs: number;
}

export function toConnectionSettings(
  config: KafkaConnectionConfig,
  options: KafkaClientOptions,
): ConnectionSettings {
  return {
    clientId: options.clientId,
    tls: config.tls === undefined ? null : toTls(config.tls),
    sasl: config.sasl === undefined ? null : { ...config.sasl },
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
    requestTimeoutMs: options.requestTimeoutMs ?? 30_000,
    unavailableTimeoutMs: options.unavailableTimeoutMs ?? 120_000,
  };
}

function toTls(tls: NonNullable<KafkaConnectionConfig['tls']>): KafkajsTls {
  return {
    rejectUnauthorized: tls.verify ?? true,
    ...(tls.caFile === undefined ? {} : { ca: [readPem(tls.caFile, 'kafka.tls.caFile')] }),
    ...(tls.certFile === undefined ? {} : { cert: readPem(tls.certFile, 'kafka.tls.certFile') }),
    ...(tls.keyFile === undefined ? {} : { key: readPem(tls.keyFile, 'kafka.tls.keyFile') }),
    ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
  };
}

function readPem(path: string, field: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new PlatformError('KAFKA_TLS_FAILED', {
      doing: `reading ${field}`,
      why: `the file ${path} cannot be read`,
      cause,
    });
  }
}

/** Splits `host:port`; an IPv6 host may stand in brackets. */
export function parseBrokerAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '');
  return { host, port: Number(address.slice(colon + 1)) };
}
