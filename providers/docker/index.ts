export { createDockerRuntime } from './create-runtime.ts';
export { EngineVisit } from './visit.ts';
