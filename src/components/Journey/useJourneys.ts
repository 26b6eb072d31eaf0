import { useEffect, useRef, useState } from 'react';
import type { Counterfactual, Journey, JourneyList } from '../../lab/journey/types';
import type { Session } from '../../hooks/session';

/** Records packets while the component is there. @returns those known so far; undefined before the first answer. */
export function useJourneys(session: Session, traced: number | undefined): JourneyList | undefined {
  const [list, setList] = useState<JourneyList>();
  useEffect(() => {
    void session.trace(true).then(() => session.journeys().then(setList));
    return () => void session.trace(false);
  }, [session]);
  useEffect(() => {
    if (traced === undefined) return;
    let current = true;
    void session.journeys().then((l) => current && setList(l));
    return () => void (current = false);
  }, [session, traced]);
  return list;
}

/** One packet's journey; it grows while the packet is under way. */
export function useJourney(
  session: Session,
  packet: number | undefined,
  traced: number | undefined,
): Journey | undefined {
  const [journey, setJourney] = useState<Journey>();
  useEffect(() => {
    if (packet === undefined) return;
    let current = true;
    void session.journey(packet).then((j) => current && setJourney(j ?? undefined));
    return () => void (current = false);
  }, [session, packet, traced]);
  return packet !== undefined && journey?.summary.id === packet ? journey : undefined;
}

/** What would have saved a packet; null while changes are being tried. */
export function useWhatIf(session: Session, packet: number, wanted: boolean): readonly Counterfactual[] | null {
  const [found, setFound] = useState<{ packet: number; tried: readonly Counterfactual[] }>();
  const asked = useRef<number>(undefined);
  useEffect(() => {
    if (!wanted || asked.current === packet) return;
    asked.current = packet;
    void session.whatIf(packet).then((tried) => setFound({ packet, tried: tried ?? [] }));
  }, [session, packet, wanted]);
  return found?.packet === packet ? found.tried : null;
}
