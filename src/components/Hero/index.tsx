import type { ReactNode } from 'react';
export default function Hero(): ReactNode {
  return <div />;
}
