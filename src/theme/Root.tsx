import { useEffect, type ReactNode } from 'react';
import Head from '@docusaurus/Head';
import font from '@fontsource-variable/atkinson-hyperlegible-next/files/atkinson-hyperlegible-next-latin-wght-normal.woff2';
import LabHost from '@site/src/components/LabHost';
import { prefetchAtRest } from '@site/src/hooks/prefetchAtRest';

/** Around every page, and kept across navigation: the open lab lives here. */
export default function Root({ children }: { children: ReactNode }): ReactNode {
  useEffect(prefetchAtRest, []);
  return (
    <>
      <Head>
        <link rel="preload" as="font" type="font/woff2" href={font} crossOrigin="anonymous" />
      </Head>
      {children}
      <LabHost />
    </>
  );
}
