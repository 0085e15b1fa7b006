import { connect } from 'node:net';

const METADATA = 3;
const VERSION = 1;
const ALL_TOPICS = -1;
const TIMEOUT_MS = 3_000;

/**
 * Asks a broker for the cluster's metadata and resolves once it names a broker: the port opens before the broker has
 * joined the cluster, and until then it would refuse to create topics.
 */
export async function probeKafka(host: string, port: number): Promise<void> {
  const answer = await exchange(host, port, metadataRequest());
  if (answer.length < 8 || answer.readInt32BE(4) < 1)
    throw new Error('the broker has not joined its cluster yet');
}

function metadataRequest(): Buffer {
  const clientId = Buffer.from('hasivu-probe');
  const request = Buffer.alloc(4 + 2 + 2 + 4 + 2 + clientId.length + 4);
  let at = request.writeInt32BE(request.length - 4, 0);
  at = request.writeInt16BE(METADATA, at);
  at = request.writeInt16BE(VERSION, at);
  at = request.writeInt32BE(1, at);
  at = request.writeInt16BE(clientId.length, at);
  at += clientId.copy(request, at);
  request.writeInt32BE(ALL_TOPICS, at);
  return request;
}

/** Sends one length-prefixed frame and resolves with the answer's body, which starts with the correlation id. */
async function exchange(host: string, port: number, frame: Buffer): Promise<Buffer> {
  return await new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    let received = Buffer.alloc(0);
    const end = (settle: () => void): void => {
      socket.destroy();
      settle();
    };
    socket.setTimeout(TIMEOUT_MS, () => end(() => reject(new Error('the broker did not answer in time'))));
    socket.once('error', (cause) => end(() => reject(cause)));
    socket.once('close', () => reject(new Error('the broker closed the connection')));
    socket.once('connect', () => socket.write(frame));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 4 || received.length < 4 + received.readInt32BE(0)) return;
      end(() => resolve(received.subarray(4, 4 + received.readInt32BE(0))));
    });
  });
}
