import type { Place } from './protocol';

/** `machine` or `machine/netns`, as lab files and chapters write a place. */
export function placeName(place: Place): string {
  return place.netns === undefined ? place.machine : `${place.machine}/${place.netns}`;
}

/** Reads what {@link placeName} writes; what is after the first slash is the namespace. */
export function parsePlace(text: string): Place {
  const slash = text.indexOf('/');
  return slash < 0 ? { machine: text } : { machine: text.slice(0, slash), netns: text.slice(slash + 1) };
}
