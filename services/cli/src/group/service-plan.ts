import type { HasivuConfig, ServiceName } from '@hasivu/config';

/** The services a configuration needs, in the order data flows: that is also the order of draining. */
export function planServices(config: HasivuConfig): ServiceName[] {
  const names: ServiceName[] = [];
  if (config.source) names.push('cdc-source');
  if (config.pipelines.length > 0) names.push('stream-processor');
  if (config.lake) names.push('lake-sink');
  if (config.lake?.maintenance.enabled === true) names.push('lake-keeper');
  return names;
}
