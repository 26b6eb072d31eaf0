import type { JourneyStep } from '../../lab/journey/types';

/** Where a step of a journey is drawn. */
export interface Stop {
  readonly x: number;
  /** On the border of its box: the packet comes in by this interface. */
  readonly door: boolean;
  /** Up to two lines of text under it. */
  readonly label: readonly string[];
}

/** A stack that the packet passes, with the stops in it. */
export interface Stretch {
  readonly where: string;
  readonly machine: boolean;
  readonly x: number;
  readonly w: number;
}

/** The road as a drawing: stacks from left to right in the order of the journey. */
export interface RoadDrawing {
  readonly w: number;
  readonly h: number;
  /** Height of the line. */
  readonly y: number;
  readonly stretches: readonly Stretch[];
  /** One for each step. */
  readonly stops: readonly Stop[];
}

const height = 156;
const line = 98;
const margin = 8;
const gap = 44;
const pad = 14;
/** Width of a character of the labels. */
const letter = 6.7;
const least = 64;

/** Lays a journey's steps out in a line. */
export function drawRoad(steps: readonly JourneyStep[]): RoadDrawing {
  const stretches: Stretch[] = [];
  const stops: Stop[] = [];
  let x = margin;
  for (let i = 0; i < steps.length;) {
    const { where, place } = steps[i]!;
    let end = i;
    while (end < steps.length && steps[end]!.where === where) end++;
    const from = x;
    x += pad;
    for (let at = i; at < end; at++) {
      const step = steps[at]!;
      const label = labelOf(step.title);
      const w = Math.max(least, Math.max(...label.map((l) => l.length)) * letter + 12);
      const door = at === i && step.kind === 'link' && i > 0;
      if (door) {
        stops.push({ x: from, door, label });
        x += w;
      } else {
        stops.push({ x: x + w / 2, door, label });
        x += w;
      }
    }
    x += pad;
    stretches.push({
      where,
      machine: place.netns === undefined,
      x: from,
      w: Math.max(x - from, where.length * 8.4 + 28),
    });
    x = from + stretches.at(-1)!.w + gap;
    i = end;
  }
  return { w: x - gap + margin, h: height, y: line, stretches, stops };
}

/** `nat PREROUTING` in two lines; what has no space, in one. */
function labelOf(title: string): string[] {
  const at = title.indexOf(' ');
  return at < 0 ? [title] : [title.slice(0, at), title.slice(at + 1)];
}
