export { type Engine, ENGINE_NAMES, type EngineName, type ProbeOptions, type Verdict } from './engine.js';
export { ENGINES } from './engines.js';
export { type EngineStatus, listEngines } from './listEngines.js';
export { type EngineReport, type PassedOver, selectEngine, type SelectOptions } from './selectEngine.js';
