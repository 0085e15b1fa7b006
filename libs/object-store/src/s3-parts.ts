import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  UploadPartCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { open } from 'node:fs/promises';

/** What of a file is in memory at a time; S3 wants 5 MiB at least. */
export const PART_BYTES = 8 << 20;

export interface ObjectPlace {
  readonly Bucket: string;
  readonly Key: string;
}

/** Uploads a file part by part; each part is retried by itself. A failed upload leaves nothing that is paid for. */
export async function uploadParts(client: S3Client, at: ObjectPlace, path: string): Promise<void> {
  await using file = await open(path);
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(at));
  const buffer = Buffer.alloc(PART_BYTES);
  const parts: { PartNumber: number; ETag: string | undefined }[] = [];
  try {
    for (let PartNumber = 1; ; PartNumber += 1) {
      const bytesRead = await fill(file, buffer);
      if (bytesRead === 0) break;
      const Body = buffer.subarray(0, bytesRead);
      const { ETag } = await client.send(new UploadPartCommand({ ...at, UploadId, PartNumber, Body }));
      parts.push({ PartNumber, ETag });
    }
    await client.send(
      new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts: parts } }),
    );
  } catch (error) {
    await client.send(new AbortMultipartUploadCommand({ ...at, UploadId })).catch(() => undefined);
    throw error;
  }
}

/** Writes an object to a file part by part. @throws the client's error when there is no such object */
export async function downloadParts(client: S3Client, at: ObjectPlace, path: string): Promise<void> {
  await using file = await open(path, 'w');
  for (let start = 0; ;) {
    const answer = await client.send(
      new GetObjectCommand({ ...at, Range: `bytes=${start}-${start + PART_BYTES - 1}` }),
    );
    const bytes = (await answer.Body?.transformToByteArray()) ?? new Uint8Array(0);
    await file.write(bytes, 0, bytes.byteLength, start);
    start += bytes.byteLength;
    const total = Number(/\/(\d+)$/u.exec(answer.ContentRange ?? '')?.[1] ?? start);
    if (bytes.byteLength === 0 || start >= total) return;
  }
}

/** Reads until the buffer is full or the file ends: a part that is not the last has to be whole. */
async function fill(
  file: { read(buffer: Buffer, offset: number, length: number): Promise<{ bytesRead: number }> },
  buffer: Buffer,
): Promise<number> {
  let filled = 0;
  for (;;) {
    const { bytesRead } = await file.read(buffer, filled, buffer.byteLength - filled);
    filled += bytesRead;
    if (bytesRead === 0 || filled === buffer.byteLength) return filled;
  }
}
