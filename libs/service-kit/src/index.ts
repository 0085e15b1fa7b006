export { armedFailpoint } from './failpoint.ts';
export { INFRASTRUCTURE_BACK_OFF, retryTimed, type BackOff } from './back-off.ts';
export { HealthState } from './health-state.ts';
export { openHttpEndpoints, type HttpEndpoints } from './http-endpoints.ts';
export { runService, type ServiceProcess } from './run-service.ts';
export type { ServiceContext, ServiceDefinition } from './service-context.ts';
export { createServiceLogger } from './service-logger.ts';
export { listenForStop, type StopReason, type StopSignal } from './stop-signal.ts';
