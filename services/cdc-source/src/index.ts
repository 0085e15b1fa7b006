export { cdcSource } from './service.ts';
