export { streamProcessor } from './service.ts';
