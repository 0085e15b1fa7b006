import { AvroBuffer, AvroCursor, readValue, type ColumnType } from '@hasivu/change-events';
import type { OutboxConfig } from '@hasivu/config';
import { PlatformError } from '@hasivu/errors';
import type { TupleSpans } from '@hasivu/pgoutput';

import type { CapturedTable } from '../captured-table.ts';
import { tableId } from '../table-selection.ts';
import {
  bytesOf,
  isEmptyPayload,
  jsonOf,
  payloadJson,
  valueSchemaOf,
  type OutboxMessage,
  type OutboxValue,
} from './outbox-message.ts';
import type { TopicRoute } from './topic-route.ts';

interface Placed {
  readonly column: number;
  readonly name: string;
  readonly type: ColumnType;
}

/** Reads messages from the rows of one shape of an outbox table. */
export class OutboxRow {
  readonly #config: OutboxConfig;
  readonly #route: TopicRoute;
  readonly #table: CapturedTable;
  readonly #id: number;
  readonly #key: number;
  readonly #routeColumn: number;
  readonly #payload: number;
  readonly #timestamp: number;
  readonly #headers: readonly Placed[];
  readonly #envelope: readonly Placed[];
  readonly #partition: number;
  readonly #schemas = new Map<string, string>();
  readonly #scratch = new AvroBuffer(1024);
  readonly #cursor = new AvroCursor();

  /** @throws PlatformError SOURCE_OUTBOX where the table lacks a column or one has a type that does not serve */
  constructor(config: OutboxConfig, route: TopicRoute, table: CapturedTable) {
    this.#config = config;
    this.#route = route;
    this.#table = table;
    const { columns } = config;
    this.#id = this.#need(columns.id);
    this.#key = this.#need(columns.key);
    this.#routeColumn = this.#need(columns.route);
    this.#payload = this.#need(columns.payload);
    this.#timestamp = columns.timestamp === undefined ? -1 : this.#need(columns.timestamp);
    const { timestamp } = columns;
    if (timestamp !== undefined && !['timestamp', 'timestamptz'].includes(this.#type(this.#timestamp).kind))
      throw this.#misfit(`"${timestamp}" is not a timestamp`);
    const additional = config.additional.map((text) => {
      const [name = '', placement, alias = name] = text.split(':');
      return { name, placement, alias };
    });
    const placed = (placement: string): Placed[] =>
      additional
        .filter((one) => one.placement === placement)
        .map((one) => ({ column: this.#find(one.name), name: one.alias, original: one.name }))
        .filter(({ column, original }) => {
          if (column < 0 && config.missingColumn === 'error')
            throw this.#misfit(`there is no column "${original}"`);
          return column >= 0;
        })
        .map(({ column, name }) => ({ column, name, type: this.#type(column) }));
    this.#headers = placed('header');
    this.#envelope = placed('envelope');
    this.#partition = placed('partition')[0]?.column ?? -1;
  }

  /** The message of the row in `buf`. @throws PlatformError SOURCE_OUTBOX for a row without a route or an id */
  read(buf: Buffer, row: TupleSpans, commitTsMs: number): OutboxMessage {
    const route = this.#value(this.#routeColumn, buf, row);
    if (route === null) throw this.#misfit(`a row has no value in "${this.#config.columns.route}"`);
    const id = bytesOf(this.#value(this.#id, buf, row));
    if (id === null) throw this.#misfit(`a row has no value in "${this.#config.columns.id}"`);
    const topic = this.#route.topicOf(String(route));
    const headers: (readonly [string, Buffer])[] = [['id', id]];
    for (const { column, name } of this.#headers) {
      const value = bytesOf(this.#value(column, buf, row));
      if (value !== null) headers.push([name, value]);
    }
    const at = this.#timestamp < 0 ? null : this.#value(this.#timestamp, buf, row);
    const partition = this.#partition < 0 ? null : this.#value(this.#partition, buf, row);
    const avro = this.#config.format === 'avro';
    const value = avro ? this.#avroValue(buf, row) : this.#rawValue(buf, row);
    return {
      topic,
      key: bytesOf(this.#value(this.#key, buf, row)),
      value,
      schema: avro && value !== null ? this.#schemaOf(topic) : null,
      headers,
      partition: typeof partition === 'number' || typeof partition === 'bigint' ? Number(partition) : -1,
      timestampMs: typeof at === 'bigint' ? Number(at / 1000n) : commitTsMs,
    };
  }

  #rawValue(buf: Buffer, row: TupleSpans): Buffer | null {
    const { tombstoneOnEmptyPayload, expandJsonPayload } = this.#config;
    const payload = this.#value(this.#payload, buf, row);
    if (tombstoneOnEmptyPayload && isEmptyPayload(payload)) return null;
    if (this.#envelope.length === 0) return bytesOf(payload);
    const members = [`"payload":${payloadJson(payload, expandJsonPayload)}`];
    for (const { column, name } of this.#envelope)
      members.push(`${JSON.stringify(name)}:${jsonOf(this.#value(column, buf, row))}`);
    return Buffer.from(`{${members.join(',')}}`);
  }

  #avroValue(buf: Buffer, row: TupleSpans): Buffer | null {
    const payload = this.#value(this.#payload, buf, row);
    if (this.#config.tombstoneOnEmptyPayload && isEmptyPayload(payload)) return null;
    const out = this.#scratch;
    out.reset();
    if (this.#envelope.length === 0) {
      if (payload === null) return null;
      this.#encode(this.#payload, buf, row);
    } else {
      for (const column of [this.#payload, ...this.#envelope.map((one) => one.column)]) {
        if (row.isNull(column)) {
          out.writeNull();
          continue;
        }
        out.writePresent();
        this.#encode(column, buf, row);
      }
    }
    return Buffer.from(out.bytes.subarray(0, out.pos));
  }

  #schemaOf(topic: string): string {
    let schema = this.#schemas.get(topic);
    if (schema === undefined) {
      schema = JSON.stringify(valueSchemaOf(topic, this.#type(this.#payload), this.#envelope));
      this.#schemas.set(topic, schema);
    }
    return schema;
  }

  /** Through the Avro form, which is the same whatever form the server sent. */
  #value(column: number, buf: Buffer, row: TupleSpans): OutboxValue {
    if (row.start(column) < 0) return null;
    const out = this.#scratch;
    out.reset();
    this.#encode(column, buf, row);
    return readValue(this.#cursor.reset(out.bytes, 0, out.pos), this.#type(column));
  }

  #encode(column: number, buf: Buffer, row: TupleSpans): void {
    const { encoders, binaryEncoders } = this.#table;
    const encode = (row.binary[column] === 1 ? binaryEncoders : encoders)[column];
    encode?.(buf, row.start(column), row.end(column), this.#scratch);
  }

  #type(column: number): ColumnType {
    return this.#table.schema.columns[column]?.type ?? { kind: 'string' };
  }

  #find(name: string): number {
    return this.#table.schema.columns.findIndex((column) => column.name === name);
  }

  #need(name: string): number {
    const column = this.#find(name);
    if (column < 0) throw this.#misfit(`there is no column "${name}"`);
    return column;
  }

  #misfit(why: string): PlatformError {
    const table = tableId(this.#table.schema);
    return new PlatformError('SOURCE_OUTBOX', {
      doing: `reading messages from ${table}`,
      why,
      context: { table },
    });
  }
}
