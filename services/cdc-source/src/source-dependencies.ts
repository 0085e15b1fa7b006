import type { ServiceContext } from '@hasivu/service-kit';

import type { SourceMetrics } from './metrics.ts';
import type { SourceSettings } from './source-settings.ts';

/** What every part of one run is given by the service. */
export interface SourceDependencies {
  readonly settings: SourceSettings;
  readonly logger: ServiceContext['logger'];
  readonly metrics: SourceMetrics;
  readonly signal: AbortSignal;
  readonly ready: (isReady: boolean, reason?: string) => void;
  readonly alive: () => void;
}
