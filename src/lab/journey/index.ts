/** Journeys of packets: from the trace of a world to what a person can read. */
export { candidates } from './candidates';
export { wouldHaveLived } from './counterfactual';
export type { Origin, Trial } from './counterfactual';
export { Journeys } from './journeys';
export { Recorder } from './recorder';
export { Tracing } from './tracing';
export * from './types';
