import type { KeyFrame } from '@hasivu/change-events';

/** One output of a pipeline, for rows of one schema. */
export interface OutputTopic {
  readonly name: string;
  readonly topic: string;
  readonly partitions: number;
  /** Confluent frame with the id of the value's schema. */
  readonly valueHeader: Buffer;
  /** Null for rows without a key. */
  readonly keyFrame: KeyFrame | null;
}
