/** Tags of the messages a server sends that this library reads itself. */
export const SERVER = {
  copyBoth: 0x57, // W
  copyData: 0x64, // d
  copyDone: 0x63, // c
  copyOut: 0x48, // H
  commandComplete: 0x43, // C
  dataRow: 0x44, // D
  error: 0x45, // E
  readyForQuery: 0x5a, // Z
} as const;

/** An ErrorResponse, with SQLSTATE in `code` as `pg`'s own errors have it. */
export class ServerError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export function parseServerError(buf: Buffer, start: number, end: number): ServerError {
  const fields = new Map<string, string>();
  let pos = start;
  while (pos < end && buf[pos] !== 0) {
    const stop = buf.indexOf(0, pos + 1);
    fields.set(String.fromCharCode(buf[pos] as number), buf.toString('utf8', pos + 1, stop));
    pos = stop + 1;
  }
  return new ServerError(fields.get('C') ?? 'XX000', fields.get('M') ?? 'unknown server error');
}

/** Columns of a DataRow as text. */
export function parseDataRow(buf: Buffer, start: number): (string | null)[] {
  let pos = start + 2;
  return Array.from({ length: buf.readInt16BE(start) }, () => {
    const length = buf.readInt32BE(pos);
    pos += 4;
    if (length < 0) return null;
    pos += length;
    return buf.toString('utf8', pos - length, pos);
  });
}

/** A simple query message. */
export function queryMessage(sql: string): Buffer {
  const bytes = Buffer.byteLength(sql);
  const message = Buffer.allocUnsafe(bytes + 6);
  message[0] = 0x51; // Q
  message.writeInt32BE(bytes + 5, 1);
  message.write(sql, 5);
  message[bytes + 5] = 0;
  return message;
}

/** A CopyData message around `payload`. */
export function copyDataMessage(payload: Buffer): Buffer {
  const message = Buffer.allocUnsafe(payload.length + 5);
  message[0] = SERVER.copyData;
  message.writeInt32BE(payload.length + 4, 1);
  payload.copy(message, 5);
  return message;
}

export const TERMINATE_MESSAGE: Buffer = Buffer.from([0x58, 0, 0, 0, 4]);
