import { PlatformError } from '@hasivu/errors';

/** Existing servers named by the environment; a part that is null here is started by the stack. */
export interface ExternalParts {
  readonly postgres: { readonly url: string } | null;
  readonly kafka: { readonly brokers: readonly string[] } | null;
  readonly registry: { readonly url: string } | null;
  readonly s3: {
    readonly endpoint: string;
    readonly region: string;
    readonly bucket: string;
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
  } | null;
}

const S3_REQUIRED = [
  'HASIVU_S3_ENDPOINT',
  'HASIVU_S3_BUCKET',
  'HASIVU_S3_ACCESS_KEY_ID',
  'HASIVU_S3_SECRET_ACCESS_KEY',
];

/** HASIVU_POSTGRES_URL, HASIVU_KAFKA_BROKERS (comma separated), HASIVU_REGISTRY_URL and HASIVU_S3_*. */
export function externalParts(env: NodeJS.ProcessEnv): ExternalParts {
  const value = (name: string): string => env[name]?.trim() ?? '';
  const brokers = value('HASIVU_KAFKA_BROKERS')
    .split(',')
    .map((broker) => broker.trim())
    .filter((broker) => broker !== '');
  return {
    postgres: value('HASIVU_POSTGRES_URL') === '' ? null : { url: value('HASIVU_POSTGRES_URL') },
    kafka: brokers.length === 0 ? null : { brokers },
    registry: value('HASIVU_REGISTRY_URL') === '' ? null : { url: value('HASIVU_REGISTRY_URL') },
    s3: externalS3(value),
  };
}

function externalS3(value: (name: string) => string): ExternalParts['s3'] {
  const missing = S3_REQUIRED.filter((name) => value(name) === '');
  if (missing.length === S3_REQUIRED.length) return null;
  if (missing.length > 0) {
    const why = `not set: ${missing.join(', ')}`;
    throw new PlatformError('STACK_EXTERNAL_INVALID', {
      doing: 'reading the address of the object store',
      why,
    });
  }
  return {
    endpoint: value('HASIVU_S3_ENDPOINT'),
    region: value('HASIVU_S3_REGION') || 'us-east-1',
    bucket: value('HASIVU_S3_BUCKET'),
    accessKeyId: value('HASIVU_S3_ACCESS_KEY_ID'),
    secretAccessKey: value('HASIVU_S3_SECRET_ACCESS_KEY'),
  };
}
