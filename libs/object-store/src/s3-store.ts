import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type StorageClass,
} from '@aws-sdk/client-s3';
import { PlatformError } from '@hasivu/errors';
import { readFile, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeS3Failure, mapS3Error } from './map-s3-error.ts';
import { downloadParts, PART_BYTES, uploadParts } from './s3-parts.ts';
import type { ByteRange, ObjectEntry, ObjectStore } from './store.ts';

/** Where the lake lives. `prefix` is put before every key; an empty endpoint means Amazon's own for the region. */
export interface S3StoreOptions {
  readonly endpoint?: string | undefined;
  readonly bucket: string;
  readonly prefix?: string | undefined;
  readonly region: string;
  /** Without keys the SDK's usual providers are asked (environment, web identity, instance role). */
  readonly accessKeyId?: string | undefined;
  readonly secretAccessKey?: string | undefined;
  /** Attempts of one request, with the SDK's exponential back-off between them. Default 5. */
  readonly maxAttempts?: number;
  /** How long one attempt may take. Default 30,000. */
  readonly requestTimeoutMs?: number;
  /** Open connections at most. Default 16. */
  readonly maxSockets?: number;
  /** Who asks, e.g. `hasivu/lake-sink`: a part of the User-Agent, which the store's access log has of each request. */
  readonly userAgent?: string | undefined;
}

/** 409 means two conditional writes of one key are in flight: the loser learns which within a few tries. */
const CONFLICT_TRIES = 8;

export function createS3Store(options: S3StoreOptions): ObjectStore {
  return new S3Store(options);
}

class S3Store implements ObjectStore {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #endpoint: string;

  constructor(options: S3StoreOptions) {
    this.#bucket = options.bucket;
    this.#prefix = normalisePrefix(options.prefix ?? '');
    this.#endpoint = options.endpoint ?? `s3.${options.region}`;
    this.#client = new S3Client({
      ...(options.endpoint === undefined || options.endpoint === ''
        ? {}
        : { endpoint: options.endpoint, forcePathStyle: true }),
      region: options.region,
      ...(options.accessKeyId === undefined || options.secretAccessKey === undefined
        ? {}
        : { credentials: { accessKeyId: options.accessKeyId, secretAccessKey: options.secretAccessKey } }),
      maxAttempts: options.maxAttempts ?? 5,
      ...(options.userAgent === undefined ? {} : { customUserAgent: options.userAgent }),
      // Stores other than Amazon's reject or ignore the newer trailing checksums.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestHandler: {
        connectionTimeout: 5_000,
        requestTimeout: options.requestTimeoutMs ?? 30_000,
        throwOnRequestTimeout: true,
        httpAgent: { keepAlive: true, maxSockets: options.maxSockets ?? 16 },
        httpsAgent: { keepAlive: true, maxSockets: options.maxSockets ?? 16 },
      },
    });
  }

  async get(key: string, range?: ByteRange): Promise<Uint8Array | null> {
    try {
      const answer = await this.#client.send(
        new GetObjectCommand({
          ...this.#at(key),
          ...(range === undefined ? {} : { Range: `bytes=${range.start}-${range.end - 1}` }),
        }),
      );
      return answer.Body === undefined ? new Uint8Array(0) : await answer.Body.transformToByteArray();
    } catch (error) {
      if (isMissing(error)) return null;
      throw this.#mapped(error, `reading the object "${key}"`, key);
    }
  }

  async head(key: string): Promise<ObjectEntry | null> {
    try {
      const answer = await this.#client.send(new HeadObjectCommand(this.#at(key)));
      return {
        key,
        sizeBytes: answer.ContentLength ?? 0,
        modifiedMs: answer.LastModified?.getTime() ?? 0,
        storageClass: answer.StorageClass,
      };
    } catch (error) {
      if (isMissing(error)) return null;
      throw this.#mapped(error, `looking at the object "${key}"`, key);
    }
  }

  async put(key: string, body: Uint8Array): Promise<void> {
    try {
      await this.#client.send(new PutObjectCommand({ ...this.#at(key), Body: body }));
    } catch (error) {
      throw this.#mapped(error, `writing the object "${key}"`, key);
    }
  }

  async putIfAbsent(key: string, body: Uint8Array): Promise<boolean> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#client.send(new PutObjectCommand({ ...this.#at(key), Body: body, IfNoneMatch: '*' }));
        return true;
      } catch (error) {
        const { status } = describeS3Failure(error);
        if (status === 412) return false;
        if (status !== 409 || attempt === CONFLICT_TRIES)
          throw this.#mapped(error, `creating the object "${key}"`, key);
        await sleep(10 * 2 ** attempt);
      }
    }
  }

  async *list(prefix: string, startAfter?: string): AsyncIterable<ObjectEntry> {
    let token: string | undefined;
    do {
      const page = await this.#listPage(prefix, startAfter, token);
      for (const found of page.Contents ?? []) {
        if (found.Key === undefined) continue;
        yield {
          key: found.Key.slice(this.#prefix.length),
          sizeBytes: found.Size ?? 0,
          modifiedMs: found.LastModified?.getTime() ?? 0,
          storageClass: found.StorageClass,
        };
      }
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  async delete(key: string): Promise<void> {
    try {
      await this.#client.send(new DeleteObjectCommand(this.#at(key)));
    } catch (error) {
      if (isMissing(error)) return;
      throw this.#mapped(error, `deleting the object "${key}"`, key);
    }
  }

  async putFile(key: string, path: string): Promise<void> {
    const { size } = await stat(path);
    // One request in the place of three; a part is in memory either way.
    if (size <= PART_BYTES) return await this.put(key, await readFile(path));
    try {
      await uploadParts(this.#client, this.#at(key), path);
    } catch (error) {
      throw this.#mapped(error, `writing the object "${key}"`, key);
    }
  }

  async getFile(key: string, path: string): Promise<boolean> {
    try {
      await downloadParts(this.#client, this.#at(key), path);
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      // An empty object has no first byte to ask for.
      if (describeS3Failure(error).status !== 416)
        throw this.#mapped(error, `reading the object "${key}"`, key);
      return true;
    }
  }

  async *folders(prefix: string): AsyncIterable<string> {
    let token: string | undefined;
    do {
      const page = await this.#listPage(prefix, undefined, token, '/');
      for (const { Prefix } of page.CommonPrefixes ?? []) {
        if (Prefix !== undefined) yield Prefix.slice(this.#prefix.length + prefix.length, -1);
      }
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  async setStorageClass(key: string, storageClass: string): Promise<void> {
    const { Bucket, Key } = this.#at(key);
    try {
      // Not every store takes a change of the class alone for a change (SeaweedFS): so the metadata is put again.
      const known = await this.#client.send(new HeadObjectCommand({ Bucket, Key }));
      await this.#client.send(
        new CopyObjectCommand({
          Bucket,
          Key,
          CopySource: `${Bucket}/${Key.split('/').map(encodeURIComponent).join('/')}`,
          MetadataDirective: 'REPLACE',
          Metadata: known.Metadata,
          ContentType: known.ContentType,
          CacheControl: known.CacheControl,
          ContentEncoding: known.ContentEncoding,
          StorageClass: storageClass as StorageClass,
        }),
      );
    } catch (error) {
      const missing = isMissing(error);
      if (!missing)
        throw this.#mapped(error, `moving the object "${key}" to the storage class ${storageClass}`, key);
      throw new PlatformError('STORE_OBJECT_MISSING', {
        doing: `moving the object "${key}" to the storage class ${storageClass}`,
        context: { key },
        cause: error,
      });
    }
  }

  close(): void {
    this.#client.destroy();
  }

  async #listPage(
    prefix: string,
    startAfter: string | undefined,
    token: string | undefined,
    delimiter?: string,
  ) {
    try {
      return await this.#client.send(
        new ListObjectsV2Command({
          Bucket: this.#bucket,
          Prefix: this.#prefix + prefix,
          ...(delimiter === undefined ? {} : { Delimiter: delimiter }),
          ...(startAfter === undefined || token !== undefined
            ? {}
            : { StartAfter: this.#prefix + startAfter }),
          ...(token === undefined ? {} : { ContinuationToken: token }),
        }),
      );
    } catch (error) {
      throw this.#mapped(error, `listing "${prefix}"`);
    }
  }

  #at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#bucket, Key: this.#prefix + key };
  }

  #mapped(error: unknown, doing: string, key?: string): Error {
    return mapS3Error(error, doing, {
      bucket: this.#bucket,
      endpoint: this.#endpoint,
      ...(key === undefined ? {} : { key }),
    });
  }
}

function normalisePrefix(prefix: string): string {
  const trimmed = prefix.replace(/^\/+|\/+$/gu, '');
  return trimmed === '' ? '' : `${trimmed}/`;
}

/** A missing bucket is a mistake to report, a missing key a value. */
function isMissing(error: unknown): boolean {
  const { name, status } = describeS3Failure(error);
  return name !== 'NoSuchBucket' && (name === 'NoSuchKey' || name === 'NotFound' || status === 404);
}
