import { accessLogSource, type HasivuConfig } from '@hasivu/config';
import { AccessEvidence, type EvidenceLook, type LastRead, type TierPlan } from '@hasivu/lake-engine';
import { openStore, type ObjectStore } from '@hasivu/object-store';
import { formatBytes, formatCount } from '../terminal/quantity.ts';

/** When files were last read, while a command works. */
interface OpenEvidence extends AsyncDisposable {
  readonly look: AccessEvidence['look'];
  readonly silence: AccessEvidence['silence'];
  readonly lastReadMs: LastRead;
}

/** What the access log of the lake's bucket tells; null where none is configured. */
export function accessEvidenceOf(
  { lake }: Pick<HasivuConfig, 'lake'>,
  store: ObjectStore,
  userAgent: string,
): OpenEvidence | null {
  const source = lake === undefined ? null : accessLogSource(lake);
  if (lake === undefined || source === null) return null;
  const log = openStore({ ...lake, bucket: source.bucket, prefix: '', userAgent });
  const evidence = new AccessEvidence({
    ...source,
    source: source.name,
    lake: store,
    log: { store: log, prefix: source.prefix },
    nowMs: Date.now,
  });
  return {
    look: (options) => evidence.look(options),
    silence: () => evidence.silence(),
    lastReadMs: (key) => evidence.lastReadMs(key),
    [Symbol.asyncDispose]: () => Promise.resolve(log.close()),
  };
}

/** What the log has told, in one line. */
export function evidenceLine({ counts, files, readToMs, stopped }: EvidenceLook): string {
  const { objects, bytes, reads, ignored, malformed } = counts;
  const newest = readToMs === null ? 'nothing yet' : `up to ${new Date(readToMs).toISOString()}`;
  return (
    `access log ${newest}: ${formatCount(objects)} new objects (${formatBytes(bytes)}) with ${formatCount(reads)} reads, ` +
    `${formatCount(ignored)} that do not count, ${formatCount(malformed)} malformed lines; the last reads of ${formatCount(files)} files are known` +
    (stopped ? '; stopped before the end' : '')
  );
}

/** What reads change of a table's plan. */
export function readBytesText({ readFiles, keptBytes, returnedBytes }: TierPlan): string {
  return `; ${formatCount(readFiles)} files were read lately: ${formatBytes(keptBytes)} stay warmer for it, ${formatBytes(returnedBytes)} come back`;
}
