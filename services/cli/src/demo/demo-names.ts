/** Names of one run of the demo. Each run has its own, so that a stack that stays up can hold several. */
export interface DemoNames {
  /** Database, publication and slot. */
  readonly database: string;
  /** First part of every topic. */
  readonly topicPrefix: string;
  /** Key prefix in the lake's bucket. */
  readonly lakePrefix: string;
}

export const DEMO_DATABASE_PREFIX = 'hasivu_demo_';
export const DEMO_LAKE_PREFIX = 'demo-';

/** Names from the second in which the run began: `hasivu_demo_20260601083000`. */
export function demoNames(startedAt: Date): DemoNames {
  const stamp = startedAt.toISOString().replace(/\D/g, '').slice(0, 14);
  return {
    database: `${DEMO_DATABASE_PREFIX}${stamp}`,
    topicPrefix: `demo-${stamp}`,
    lakePrefix: `${DEMO_LAKE_PREFIX}${stamp}`,
  };
}
