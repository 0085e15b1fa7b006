import { malformedMessage } from './malformed-message.ts';

export interface RelationColumn {
  readonly name: string;
  readonly typeOid: number;
  readonly typmod: number;
  /** Part of the replica identity (every column under FULL). */
  readonly inIdentity: boolean;
}

/** `pg_class.relreplident`. */
export type ReplicaIdentity = 'default' | 'nothing' | 'full' | 'index';

/** The shape of a table at the place in the log where it is sent: authoritative for names, types and order. */
export interface RelationMessage {
  readonly oid: number;
  readonly schema: string;
  readonly table: string;
  readonly identity: ReplicaIdentity;
  readonly columns: readonly RelationColumn[];
}

const IDENTITIES: Readonly<Record<string, ReplicaIdentity>> = {
  d: 'default',
  n: 'nothing',
  f: 'full',
  i: 'index',
};

export function replicaIdentityOf(letter: string): ReplicaIdentity {
  const identity = IDENTITIES[letter];
  if (!identity) throw malformedMessage(`unknown replica identity ${JSON.stringify(letter)}`);
  return identity;
}

/** Parses the message whose tag is at `start`. */
export function parseRelation(buf: Buffer, start: number): RelationMessage {
  let pos = start + 5;
  const text = (): string => {
    const stop = buf.indexOf(0, pos);
    const value = buf.toString('utf8', pos, stop);
    pos = stop + 1;
    return value;
  };
  const oid = buf.readUInt32BE(start + 1);
  const schema = text() || 'pg_catalog';
  const table = text();
  const identity = replicaIdentityOf(String.fromCharCode(buf[pos++] as number));
  const count = buf.readInt16BE(pos);
  pos += 2;
  const columns: RelationColumn[] = [];
  for (let i = 0; i < count; i++) {
    const inIdentity = (buf.readUInt8(pos++) & 1) === 1;
    const name = text();
    columns.push({ name, typeOid: buf.readUInt32BE(pos), typmod: buf.readInt32BE(pos + 4), inIdentity });
    pos += 8;
  }
  return { oid, schema, table, identity, columns };
}
