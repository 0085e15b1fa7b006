export { EventValidator } from './event-validator.ts';
export { RunLifecycle } from './run-lifecycle.ts';
