import { Fragment, type CSSProperties, type ReactNode } from 'react';
import clsx from 'clsx';
import type { SwitchFrame, SwitchStation, SwitchStep, SwitchView } from '../../lab/switch-view';
import Strip from '../Strip';
import { fate, nextHop, type Layer } from './say';
import styles from './styles.module.css';

/** An address that may break in two: a MAC address after the maker's part, an IP address before its mask. */
function Broken({ text }: { text: string }): ReactNode {
  const at = text.includes('/') ? text.indexOf('/') : 9;
  return (
    <>
      {text.slice(0, at)}
      <wbr />
      {text.slice(at)}
    </>
  );
}

/** A station's name, and whether it is where the sender's route leads first. */
function Title({ name, station, hop }: { name: string; station: SwitchStation; hop: string | undefined }): ReactNode {
  const is = hop !== undefined && station.addresses.some((a) => a.split('/')[0] === hop);
  return (
    <b>
      {name}
      {is && <span className={styles.hop}>next hop</span>}
    </b>
  );
}

function Address({ station, layer }: { station: SwitchStation; layer: Layer }): ReactNode {
  return (
    <span className={styles.address}>
      <Broken text={layer === 'mac' ? station.mac : (station.addresses[0] ?? 'none')} />
    </span>
  );
}

/** The bridge in its machine, the stations at its ports, and the copies of a frame. The text below says the same. */
export default function Stage({
  view,
  step,
  at,
  layer,
}: {
  view: SwitchView;
  step: SwitchStep | undefined;
  at: number;
  layer: Layer;
}): ReactNode {
  const frame = step?.kind === 'frame' ? step : undefined;
  const outside = view.stations.filter((s) => s.port !== view.bridge);
  const own = view.stations.find((s) => s.port === view.bridge);
  const columns = outside.length;
  const hop = layer === 'ip' && frame ? nextHop(frame) : undefined;
  /** Centre of a port's column; the machine's own place is in the middle. */
  const x = (port: string): string => {
    const i = outside.findIndex((s) => s.port === port);
    return i < 0 ? '50%' : `${((i + 0.5) * 100) / columns}%`;
  };
  const touched = (port: string): boolean => frame?.from === port || frame?.to.includes(port) === true;
  return (
    <div
      className={clsx(styles.stage, layer === 'ip' && styles.ip)}
      style={{ '--columns': columns } as CSSProperties}
      role="img"
      aria-label={`${view.bridge} in ${view.machine} with the ports ${outside.map((s) => `${s.port} to ${s.title}`).join(', ')}`}
      data-testid="switch-stage"
    >
      {outside.map((s) => (
        <div key={s.port} className={clsx(styles.box, frame?.from === s.port && styles.sender)}>
          <Title name={s.title} station={s} hop={hop} />
          <Address station={s} layer={layer} />
          <Fate key={at} frame={frame} port={s.port} />
        </div>
      ))}
      {outside.map((s) => (
        <span key={s.port} className={clsx(styles.cable, touched(s.port) && styles.walked)} />
      ))}
      <div className={styles.machine}>
        <span className={styles.host}>{view.machine}</span>
        <div className={styles.bridge}>
          {outside.map((s) => (
            <span key={s.port} className={styles.port}>
              {s.port}
            </span>
          ))}
        </div>
        <span className={clsx(styles.cable, styles.short, touched(view.bridge) && styles.walked)} />
        <div className={styles.own}>
          {own && <Title name={view.bridge} station={own} hop={hop} />}
          {own && <Address station={own} layer={layer} />}
          <Fate key={at} frame={frame} port={view.bridge} />
        </div>
      </div>
      {frame && (
        <Fragment key={at}>
          {frame.to.map((port) => (
            <span
              key={port}
              className={styles.token}
              style={
                {
                  '--from-x': x(frame.from),
                  '--to-x': x(port),
                  '--from-y': frame.from === view.bridge ? 'var(--y-own)' : 'var(--y-box)',
                  '--to-y': port === view.bridge ? 'var(--y-own)' : 'var(--y-box)',
                } as CSSProperties
              }
            >
              <Strip layers={frame.layers} small />
            </span>
          ))}
        </Fragment>
      )}
    </div>
  );
}

/** What a station has to do with the frame. */
function Fate({ frame, port }: { frame: SwitchFrame | undefined; port: string }): ReactNode {
  if (!frame) return null;
  if (frame.from === port) return <i>sends it</i>;
  const receipt = frame.receipts.find((r) => r.port === port);
  return receipt ? <i className={styles.arrived}>{fate(frame, receipt)}</i> : null;
}
