import { MemoryStore } from './index.ts';
import { describeStoreContract } from '../test/store-contract.ts';

describeStoreContract('the memory store', () => new MemoryStore());
