export type { ErrorEntry, RetryPolicy } from './error-entry.ts';
export { EXIT, exitCodeOf } from './exit-code.ts';
export {
  isPlatformError,
  PlatformError,
  type ErrorContext,
  type PlatformErrorOptions,
} from './platform-error.ts';
export { ERROR_REGISTRY, type ErrorCode } from './registry.ts';
