import type { InitialValue } from './initial-value.ts';

/** The subset of Avro's JSON schema language that change events use. */
export type AvroSchema = string | AvroObject | readonly AvroSchema[];

export interface AvroObject {
  readonly type: AvroSchema;
  readonly name?: string;
  readonly namespace?: string;
  readonly fields?: readonly AvroField[];
  readonly items?: AvroSchema;
  readonly logicalType?: string;
  readonly precision?: number;
  readonly scale?: number;
  readonly 'connect.type'?: string;
  readonly 'connect.name'?: string;
  /** Of a change event: `pgOrigin` of columns that it goes without. */
  readonly pgLeftOut?: readonly string[];
}

export interface AvroField {
  readonly name: string;
  readonly type: AvroSchema;
  readonly default?: null | string | boolean | number;
  readonly doc?: string;
  /** Of a key's field: the names that the column had, the last first. */
  readonly aliases?: readonly string[];
  /** The column's own name where Avro's naming rules changed it. */
  readonly pgName?: string;
  readonly pgType?: string;
  /** What the column stays when it is renamed. */
  readonly pgOrigin?: string;
  /** What rows have that were there before the column: the source gave it to them without a change of theirs. */
  readonly pgInitial?: InitialValue;
}
