export { createProcessRuntime } from './create-runtime.ts';
