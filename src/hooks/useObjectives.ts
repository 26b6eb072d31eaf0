import { usePluginData } from '@docusaurus/useGlobalData';
import type { Objective } from '../chaptersPlugin';

/** Objectives of the written chapters, by chapter number. */
export type ObjectivesByChapter = Readonly<Record<number, readonly Objective[]>>;

/** What the chapters plugin read from their front matter. */
export function useObjectives(): ObjectivesByChapter {
  return usePluginData('chapters') as ObjectivesByChapter;
}
