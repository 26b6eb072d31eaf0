import type { JourneyStep } from '../../lab/journey/types';
import { placeName } from '../../lab/place';
import type { Travel } from '../Topology/Token';

/** Where a packet is after step `at`, and the road it has come. */
export function travelOf(steps: readonly JourneyStep[], at: number): Travel {
  const ports = steps.slice(0, at + 1).flatMap((s) => (s.port === undefined ? [] : [s.port]));
  const step = steps[at]!;
  // A decision inside of a stack is shown at the port that the packet came in by.
  const here = steps.slice(0, at + 1).findLast((s) => s.port !== undefined && s.where === step.where);
  return {
    ports,
    at: step.port ?? here?.port ?? placeName(step.place),
    layers: step.layers,
    ...(step.died ? { died: true } : {}),
  };
}
