/** /sys/class/net/NAME/statistics (net/core/net-sysfs.c, netstat_show). */
import type { LinkInfo } from '../../../net';
import type { Attributes } from './attribute';

/** Counters of a link; those of errors that no simulated device makes stay 0. */
export const STATISTICS: Attributes<LinkInfo> = {
  collisions: (i) => i.stats.collisions,
  multicast: (i) => i.stats.multicast,
  rx_bytes: (i) => i.stats.rxBytes,
  rx_compressed: 0,
  rx_crc_errors: 0,
  rx_dropped: (i) => i.stats.rxDropped,
  rx_errors: (i) => i.stats.rxErrors,
  rx_fifo_errors: 0,
  rx_frame_errors: 0,
  rx_length_errors: 0,
  rx_missed_errors: (i) => i.stats.rxMissed,
  rx_nohandler: 0,
  rx_over_errors: 0,
  rx_packets: (i) => i.stats.rxPackets,
  tx_aborted_errors: 0,
  tx_bytes: (i) => i.stats.txBytes,
  tx_carrier_errors: (i) => i.stats.txCarrier,
  tx_compressed: 0,
  tx_dropped: (i) => i.stats.txDropped,
  tx_errors: (i) => i.stats.txErrors,
  tx_fifo_errors: 0,
  tx_heartbeat_errors: 0,
  tx_packets: (i) => i.stats.txPackets,
  tx_window_errors: 0,
};
