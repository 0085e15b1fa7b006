export { lakeSink } from './service.ts';
