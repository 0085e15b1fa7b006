import { readFileSync } from 'node:fs';
import { PlatformError, type ErrorCode } from '@hasivu/errors';
import type { Compression } from '../records/codec.ts';
import type { TopicRules } from './topic-settings.ts';
import type { KafkajsSasl, KafkajsTls } from './kafkajs-internals.ts';

/** Files and names of a TLS connection. */
export interface TlsConfig {
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly serverName?: string | undefined;
  readonly verify?: boolean | undefined;
}

/** The `kafka` section of the configuration, as far as connections need it. */
export interface KafkaConnectionConfig {
  /** Bootstrap brokers, `host:port`. */
  readonly brokers: readonly string[];
  readonly tls?: TlsConfig;
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
    tls: config.tls === undefined ? null : toTls(config.tls, 'kafka.tls', 'KAFKA_TLS_FAILED'),
    sasl: config.sasl === undefined ? null : { ...config.sasl },
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
    requestTimeoutMs: options.requestTimeoutMs ?? 30_000,
    unavailableTimeoutMs: options.unavailableTimeoutMs ?? 120_000,
  };
}

/**
 * TLS options with the files read.
 * @param section of the configuration that names the files
 * @param code of the error where one cannot be read
 */
export function toTls(tls: TlsConfig, section: string, code: ErrorCode): KafkajsTls {
  const read = (name: 'caFile' | 'certFile' | 'keyFile'): Buffer | undefined => {
    const path = tls[name];
    if (path === undefined) return undefined;
    try {
      return readFileSync(path);
    } catch (cause) {
      const doing = `reading ${section}.${name}`;
      throw new PlatformError(code, { doing, why: `the file ${path} cannot be read`, cause });
    }
  };
  const [ca, cert, key] = [read('caFile'), read('certFile'), read('keyFile')];
  return {
    rejectUnauthorized: tls.verify ?? true,
    ...(ca === undefined ? {} : { ca: [ca] }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
  };
}

/** Splits `host:port`; an IPv6 host may stand in brackets. */
export function parseBrokerAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '');
  return { host, port: Number(address.slice(colon + 1)) };
}
