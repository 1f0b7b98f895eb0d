export { createDockerRuntime } from './create-runtime.ts';
